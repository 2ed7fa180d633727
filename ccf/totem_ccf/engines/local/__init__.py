"""The local engine: master, manager and workers as processes of this machine."""

from totem_ccf.engines.local.engine import WORKER_MEMORY, LocalEngine
from totem_ccf.engines.local.escrow_settlement import EscrowSettlement
from totem_ccf.engines.local.host import Progress
from totem_ccf.engines.local.local_job import JobAbandoned, JobBusy, JobFolderFailed, LocalJob, discard
from totem_ccf.mapreduce.job import JobEnd, JobSpec

__all__ = [
    "WORKER_MEMORY",
    "EscrowSettlement",
    "JobAbandoned",
    "JobBusy",
    "JobEnd",
    "JobFolderFailed",
    "JobSpec",
    "LocalEngine",
    "LocalJob",
    "Progress",
    "discard",
]
