"""The process of the totem manager."""

from __future__ import annotations

import grpc.aio

from totem_ccf.metering import rpc
from totem_ccf.metering.lease_log import LeaseLog
from totem_ccf.metering.manager_core import ManagerCore, ManagerSetup
from totem_ccf.metering.manager_services import LeadService, MeterService
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc

__all__ = ["run_manager"]


async def run_manager(setup: ManagerSetup) -> None:
    """Serve until the process is ended.

    Raises:
        LeaseLogDamaged: the lease log can't be trusted.
        InternalError: an invariant of the meter does not hold.
    """
    with LeaseLog(setup.log, setup.job_id, setup.escrow) as log:
        core = ManagerCore(setup, log)
        server = grpc.aio.server(options=rpc.OPTIONS)
        pb_grpc.add_MeterServicer_to_server(MeterService(core), server)
        pb_grpc.add_LeadServicer_to_server(LeadService(core, setup.secret), server)
        server.add_insecure_port(setup.address)
        await server.start()
        try:
            await core.run()
        finally:
            await server.stop(None)
