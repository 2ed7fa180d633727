"""The lower bound of one phase, which decides at the gate before it (abstract machine, §5)."""

from __future__ import annotations

import math

from totem_sdk.cost import PricedProgram
from totem_sdk.estimate.dataset import Dataset
from totem_sdk.estimate.phases import Phases
from totem_sdk.estimate.source import Range
from totem_sdk.estimate.streams import pairs, unknown_stream
from totem_sdk.statistics import Statistics

__all__ = ["phase_lower_bound"]


def phase_lower_bound(priced: PricedProgram, phase_index: int, records: int) -> int:
    """Return totem that a phase certainly costs when so many rows or pairs enter it.

    It is what the cheapest path costs: of the mapper for each record, of the reducer for the records in at least one
    group (whichever number of groups is cheaper), and of ``_init`` and ``_final`` in every task. It knows nothing of
    parameters and values, so it is the same for whoever computes it.
    """
    program = priced.program
    phase = program.phases[phase_index]
    step = program.steps[phase.step]
    dataset = Dataset(priced, [Statistics(records, (records,))])
    phases = Phases(priced, None, dataset.column)
    if phase.kind == "reduce":
        types = step.shuffled or step.emits
        cost, _ = phases.reduce(step, unknown_stream(types, records, Range(0, None, 0.0)))
    elif phase.step == 0:
        cost, _ = phases.map(step, dataset.source(), Range(min(1, records), None, 1.0))
    else:
        before = program.steps[phase.step - 1]
        # Tasks of a map phase after a map phase are those of the dataset: at least one, if there are records.
        tasks = Range(min(1, records), None, 1.0) if before.reducer is None else Range.exact(before.partitions)
        cost, _ = phases.map(step, pairs(unknown_stream(before.emits, records, tasks)), tasks)
    return math.ceil(cost.total.low)
