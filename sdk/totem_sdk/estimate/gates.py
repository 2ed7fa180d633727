"""The lower bound of one phase, which decides at the gate before it (abstract machine, §5)."""

from __future__ import annotations

from totem_sdk.cost import PricedProgram, _cheapest

__all__ = ["phase_lower_bound"]


def phase_lower_bound(priced: PricedProgram, phase_index: int, records: int) -> int:
    """Return totem that a phase certainly costs when so many rows or pairs enter it.

    A map phase pays the cheapest path of the mapper for each record, a reduce phase that of the reducer for at least
    one group.
    """
    phase = priced.program.phases[phase_index]
    step = priced.program.steps[phase.step]
    number = step.mapper if phase.kind == "map" else step.reducer
    if number is None or records == 0:
        return 0
    cheapest = _cheapest(priced, priced.program.functions[number].body, []) or 0
    return cheapest * (records if phase.kind == "map" else 1)
