"""The reference interpreter: docs/abstract-machine.md in code, slow and obviously right, the oracle of every executor.

``arithmetic`` and ``texts`` are the machine's numbers and texts, ``handlers`` what each opcode does, ``meter`` the one
place where totem is paid, ``walker`` the control flow, ``tasks`` map and reduce tasks, ``snippet`` bare
statements, ``machine`` the whole job.
"""

from totem_sdk.interpreter.machine import JobRun, Machine, PhaseRun, partition_groups
from totem_sdk.interpreter.meter import Audit, Charge
from totem_sdk.interpreter.snippet import run_snippet
from totem_sdk.interpreter.tasks import Group, Pair, group_pairs, run_map_task, run_reduce_task
from totem_sdk.interpreter.walker import Trace

__all__ = [
    "Audit",
    "Charge",
    "Group",
    "JobRun",
    "Machine",
    "Pair",
    "PhaseRun",
    "Trace",
    "group_pairs",
    "partition_groups",
    "run_map_task",
    "run_reduce_task",
    "run_snippet",
]
