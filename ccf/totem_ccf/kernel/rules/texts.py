"""Rules of texts and lists of texts (abstract machine, §8 and §9): the work is the runtime library's.

What an operation makes goes to the end of the arena. ``$arena_used`` counts its bytes, which are the logical bytes.
"""

from __future__ import annotations

from totem_ccf.kernel.areas import ARENA_BYTES
from totem_ccf.kernel.charsets import charset, others
from totem_ccf.kernel.code import FunctionCode, Rule
from totem_ccf.kernel.rules.lists import array_at, array_length
from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, NUM, STR, Array, List

__all__ = ["RULES", "SIDES", "TOO_LARGE", "made", "room"]

SIDES = {"strip": 3, "lstrip": 1, "rstrip": 2}
TOO_LARGE = "(i64.const -1)"


def _length(value: str) -> str:
    return f"(i64.and {value} (i64.const 0xffffffff))"


def made(code: FunctionCode, op: Op, call: str, item_bytes: int = 1) -> None:
    """Store what the runtime has written at the end of the arena, unless it did not fit."""
    result = code.temp("i64", call)
    code.fail_if(f"(i64.eq {result} {TOO_LARGE})", "memory")
    code.put(*code.grow_arena(f"(i32.mul (i32.wrap_i64 {result}) (i32.const {item_bytes}))"))
    code.set(op.dst, [result])


def room(code: FunctionCode) -> str:
    """Return the arguments that say where the arena goes on and how many bytes are left."""
    return f"{code.arena_top} (i32.sub (i32.const {ARENA_BYTES}) {code.arena_used})"


def _concat(code: FunctionCode, op: Op) -> None:
    a, b = (code.get(register)[0] for register in op.args)
    made(code, op, f"(call $text_concat {a} {b} {room(code)})")


def _case(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $text_{op.code} {code.get(op.args[0])[0]} {room(code)})")


def _to_str(code: FunctionCode, op: Op) -> None:
    functions = {INT: "int_text", FLOAT: "float_text", BOOL: "bool_text", DATE: "date_text", DATETIME: "datetime_text"}
    if op.type == NUM:
        tag, bits = code.get(op.args[0])
        real = f"(call $float_text (f64.reinterpret_i64 {bits}) {room(code)})"
        made(code, op, f"(if (result i64) {tag} (then {real}) (else (call $int_text {bits} {room(code)})))")
        return
    if op.type not in functions:
        raise InternalError(f"line {op.line}: the kernel has no text of a {op.type}")
    made(code, op, f"(call ${functions[op.type]} {code.get(op.args[0])[0]} {room(code)})")


def _split(code: FunctionCode, op: Op) -> None:
    text, separator = code.get(op.args[0])[0], op.imm[0] if op.imm else None
    if separator is None:
        made(code, op, f"(call $text_split {text} {room(code)})", item_bytes=8)
    elif isinstance(separator, str):
        reference = f"(i64.const {code.plan.constants[separator]})"
        made(code, op, f"(call $text_split_at {text} {reference} {room(code)})", item_bytes=8)
    else:
        raise InternalError(f"line {op.line}: a separator is a text")


def _len(code: FunctionCode, op: Op) -> None:
    value = code.get(op.args[0])[0]
    type_ = code.type_of(op.args[0])
    if isinstance(type_, Array):
        code.set(op.dst, [array_length(value)])
    elif isinstance(type_, List):
        code.set(op.dst, [_length(value)])
    elif type_ == STR:
        code.set(op.dst, [f"(call $text_length {value})"])
    else:
        raise InternalError(f"line {op.line}: the kernel knows no length of a {type_}")


def _strip(code: FunctionCode, op: Op) -> None:
    side = SIDES[str(op.imm[0])]
    if len(op.imm) > 1:
        characters = str(op.imm[1])
        parts = (code.plan.constants[others(characters)], *charset(characters))
        wanted = " ".join(f"(i64.const {part})" for part in parts)
        code.set(op.dst, [f"(call $text_strip_of {code.get(op.args[0])[0]} {wanted} (i32.const {side}))"])
        return
    code.set(op.dst, [f"(call $text_strip {code.get(op.args[0])[0]} (i32.const {side}))"])


def _match(code: FunctionCode, op: Op) -> None:
    a, b = (code.get(register)[0] for register in op.args)
    code.set(op.dst, [f"(call $text_{op.code} {a} {b})"])


def _at(code: FunctionCode, op: Op) -> None:
    if isinstance(op.type, Array):
        array_at(code, op)
        return
    items, position = (code.get(register)[0] for register in op.args)
    index = code.temp(
        "i64",
        f"(select (i64.add {position} {_length(items)}) {position} (i64.lt_s {position} (i64.const 0)))",
    )
    code.fail_if(f"(i64.ge_u {index} {_length(items)})", "index")
    address = f"(i32.wrap_i64 (i64.shr_u {items} (i64.const 32)))"
    code.set(op.dst, [f"(i64.load (i32.add {address} (i32.shl (i32.wrap_i64 {index}) (i32.const 3))))"])


def _unpack(code: FunctionCode, op: Op) -> None:
    items = code.get(op.args[0])[0]
    length = array_length(items) if isinstance(op.type, Array) else _length(items)
    code.fail_if(f"(i64.ne {length} (i64.const {op.imm[0]}))", "value")


RULES: dict[str, Rule] = {
    "concat": _concat,
    "lower": _case,
    "upper": _case,
    "to_str": _to_str,
    "split": _split,
    "len": _len,
    "strip": _strip,
    "startswith": _match,
    "endswith": _match,
    "at": _at,
    "unpack": _unpack,
}
