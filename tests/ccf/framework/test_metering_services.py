"""The manager's services over gRPC: who is heard, and what an audit trail protects against."""

import asyncio
import tempfile
from pathlib import Path

import grpc
import pytest

from totem_ccf.metering import messages as m
from totem_ccf.metering import rpc, wire
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.manager_core import ManagerSetup
from totem_ccf.metering.manager_process import run_manager
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc
from totem_ccf.metering.receipt import AttemptReport
from totem_ccf.metering.recorder import NoRecorder
from totem_sdk.cost import Counts

ID = AttemptId(0, 0, 1)
PAID = AttemptReport("done", 15, Counts({0: 1}), records_in=1)
UNPAID = AttemptReport("done", 0)
"""As if the charge that was reported had not been."""


class Manager:
    """A manager in audit mode whose only attempt has been let start; called as an updater would."""

    def __init__(self, spec, directory):
        self._setup = ManagerSetup(
            job_id=spec.job_id,
            escrow=spec.escrow,
            estimate=0,
            priced=spec.priced,
            audit=True,
            phases=spec.phases,
            pooled=False,
            log=directory / "lease.log",
            address=f"unix:{directory}/manager.sock",
            host=f"unix:{directory}/host.sock",
            secret="lead",
            host_secret="host",
            recorder=NoRecorder(),
        )

    async def __aenter__(self):
        self._process = asyncio.create_task(run_manager(self._setup))
        self._channel = grpc.aio.insecure_channel(self._setup.address, options=rpc.OPTIONS)
        self._meter = pb_grpc.MeterStub(self._channel)
        lead = pb_grpc.LeadStub(self._channel)
        for event in (m.OpenPhase(0, 1), m.StartAttempt(ID, "token")):
            told = lead.Tell(wire.event_to_wire(event), metadata=rpc.metadata("lead"), wait_for_ready=True)
            await asyncio.wait_for(told, 10)
        return self

    async def __aexit__(self, *_):
        self._process.cancel()
        await asyncio.gather(self._process, return_exceptions=True)
        await self._channel.close()

    async def ask(self, seq, charge, cost, used):
        ask = m.Ask(ID, "token", seq, used, cost)
        return await self._meter.Ask(wire.ask_to_wire(ask, charge, ()), timeout=10)

    async def finish(self, report, shown="token"):
        attempt = wire.attempt_to_wire(ID, shown)
        return await self._meter.Finish(
            pb.FinishRequest(attempt=attempt, report=wire.dumps(report.to_json())), timeout=10
        )


@pytest.fixture
def talk(jobs):
    """Run a conversation with a manager."""

    def run(conversation):
        async def whole():
            with tempfile.TemporaryDirectory() as directory:
                async with Manager(jobs.paper1(), Path(directory)) as manager:
                    await conversation(manager)

        asyncio.run(whole())

    return run


async def assert_refused(answer, details):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await answer
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert details in refused.value.details()


def test_a_stranger_cannot_have_the_trail_of_an_attempt_forgotten(talk):
    async def conversation(manager):
        assert (await manager.ask(1, 0, 15, 0)).held == 15
        assert (await manager.finish(UNPAID, "guessed")).stop == "fenced"
        await assert_refused(manager.finish(UNPAID), "charges were reported one by one other than")

    talk(conversation)


def test_a_report_that_was_refused_is_refused_again(talk):
    async def conversation(manager):
        assert (await manager.ask(1, 0, 15, 0)).held == 15
        for _ in range(2):
            await assert_refused(manager.finish(UNPAID), "charges were reported one by one other than")
        # Its own report is accepted, and again when the answer was lost.
        assert (await manager.finish(PAID)).accepted
        assert (await manager.finish(PAID)).accepted

    talk(conversation)


def test_data_that_cannot_be_read_are_not_paid_though_charges_were_reported(talk):
    async def conversation(manager):
        assert (await manager.ask(1, 0, 15, 0)).held == 15
        error = {"kind": "type", "detail": "data.csv, row 7"}
        assert (await manager.finish(AttemptReport("data_error", 0, error=error))).accepted

    talk(conversation)
