"""Runs a bare snippet of statements (``totem_sdk.lang.compile_snippet``) and says what its variables become."""

from __future__ import annotations

from totem_sdk.cost import PricedProgram
from totem_sdk.interpreter.frame import UNSET, Datum
from totem_sdk.interpreter.meter import Meter
from totem_sdk.interpreter.walker import Trace, Walker
from totem_sdk.task import LeaseSource

__all__ = ["run_snippet"]


def run_snippet(priced: PricedProgram, lease: LeaseSource, *, trace: Trace | None = None) -> dict[int, Datum]:
    """Run a snippet's statements once and return the values of the registers that have one.

    ``trace`` gets every operation in the order in which they are executed: those with a class are the published
    operator array of paper III.

    Raises:
        OutOfTotem: the lease source has no more; a snippet may well loop forever.
        ProgramError: an operation has failed.
    """
    walker = Walker(priced, {}, Meter(priced, lease), trace)
    frame = walker.call(walker.role(0), priced.program.steps[0].mapper)
    return {number: value for number, value in enumerate(frame.registers) if value is not UNSET}
