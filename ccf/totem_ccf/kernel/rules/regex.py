"""Rules of regular expressions: the work is the runtime library's, by tables that stand among the step's constants."""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_ccf.kernel.patterns import GROUP_BYTES, automaton_of
from totem_ccf.kernel.rules.texts import made, room
from totem_sdk.program import Op

__all__ = ["RULES"]


def _tables(code: FunctionCode, op: Op) -> str:
    return f"(i32.const {code.plan.tables[automaton_of(op)]})"


def _match(code: FunctionCode, op: Op) -> None:
    text, (_, _, how) = code.get(op.args[0])[0], op.imm
    result = code.plan.matches
    found = code.temp(
        "i32",
        f"(call $regex_find {text} {_tables(code, op)} (i32.const {int(how == 'search')}) (i32.const {result}))",
    )
    # What stands in memory if there is no match is arbitrary, and so may be the slots of an absent value; but a
    # reference among them must be one.
    values = [found]
    groups = automaton_of(op).pattern.groups
    for number, certain in enumerate((True, *groups)):
        place = result + GROUP_BYTES * number
        begins = f"(i64.load (i32.const {place + 8}))"
        if not certain:
            values.append(f"(i32.and {found} (i64.ge_s {begins} (i64.const 0)))")
        values.append(f"(select (i64.load (i32.const {place})) (i64.const 0) {found})")
    for number in range(len(groups) + 1):
        place = result + GROUP_BYTES * number
        values += [f"(i64.load (i32.const {place + 8}))", f"(i64.load (i32.const {place + 16}))"]
    code.set(op.dst, values)


def _all(code: FunctionCode, op: Op) -> None:
    text = code.get(op.args[0])[0]
    made(code, op, f"(call $regex_all {text} {_tables(code, op)} {room(code)})", item_bytes=8)


def _split(code: FunctionCode, op: Op) -> None:
    text = code.get(op.args[0])[0]
    made(code, op, f"(call $regex_split {text} {_tables(code, op)} {room(code)})", item_bytes=8)


RULES: dict[str, Rule] = {"re_match": _match, "re_findall": _all, "re_split": _split}
