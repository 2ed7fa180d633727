"""How large a lowered function and its separators may be: an executor must be able to hold and to run it.

WebAssembly allows 1,000 parameters, 1,000 results and 50,000 locals for a function. A scalar takes up to three of them
(a text two, an int or float decided by the data two, one more where it may be None), so every scalar counts as three;
a tuple takes one more where it may be None.
"""

from __future__ import annotations

from collections.abc import Iterable

from totem_sdk.lang.findings import At, Findings
from totem_sdk.program import Function, blocks_of
from totem_sdk.types import Option, Tuple, Type, leaves

__all__ = ["MAX_BLOCKS", "MAX_CALL_SLOTS", "MAX_REGISTER_SLOTS", "MAX_SEPARATOR_BYTES", "SLOTS", "check_size"]

SLOTS = 3
"""Slots that a scalar counts as."""

MAX_CALL_SLOTS = 900
"""Most slots of a helper's parameters and result together."""

MAX_REGISTER_SLOTS = 40_000
"""Most slots of a function's registers: variables, parameters and what is computed on the way."""

MAX_BLOCKS = 1_000
"""Most basic blocks of a function: the time to compile it for execution grows faster than their number."""

MAX_SEPARATOR_BYTES = 64
"""Most UTF-8 bytes of the text that a text is split at: what a split costs goes by the text that is split alone."""


def check_size(function: Function, at: At, findings: Findings) -> None:
    """Refuse a function that is too large; ``at`` is where it is defined."""
    passed = [function.registers[register] for register in function.params]
    passed += [] if function.returns is None else [function.returns]
    if (slots := _slots(passed)) > MAX_CALL_SLOTS:
        message = f"the parameters and result of {function.name} take {slots:,} slots, {MAX_CALL_SLOTS} is the most"
        findings.add(at, "too-large", message, "pass fewer values, and of a row only the columns that are needed")
    if (slots := _slots(function.registers)) > MAX_REGISTER_SLOTS:
        message = f"the values in {function.name} take {slots:,} slots, {MAX_REGISTER_SLOTS:,} is the most"
        findings.add(at, "too-large", message, "use fewer and smaller tuples, or split the job into steps")
    if (blocks := sum(1 for _ in blocks_of(function.body))) > MAX_BLOCKS:
        message = f"{function.name} has {blocks:,} basic blocks, {MAX_BLOCKS:,} is the most"
        findings.add(at, "too-large", message, "split it: move parts into helpers, or the job into several jobs")


def _slots(types: Iterable[Type]) -> int:
    return sum(SLOTS * sum(1 for _ in leaves(type_)) + _optional_tuples(type_) for type_ in types)


def _optional_tuples(type_: Type) -> int:
    match type_:
        case Tuple(items=items):
            return sum(_optional_tuples(item) for item in items)
        case Option(item=Tuple() as item):
            return 1 + _optional_tuples(item)
        case _:
            return 0
