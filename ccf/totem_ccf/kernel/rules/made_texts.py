"""Rules of the opcodes of ``totem_sdk.text_opcodes``: the work is the runtime library's (``search.c``, ``parts.c``)."""

from __future__ import annotations

from totem_ccf.kernel.areas import ARENA_BYTES, total
from totem_ccf.kernel.code import FunctionCode, Rule, SizeOf
from totem_ccf.kernel.rules.texts import TOO_LARGE, made, room
from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.types import FLOAT, INT, STR, Type

__all__ = ["RULES", "SIZES"]

_WHERE = {"find": 0, "index": 0, "rfind": 1, "rindex": 1, "count": 2}
_TESTS = {
    "isalnum": 0,
    "isalpha": 1,
    "isascii": 2,
    "isdecimal": 3,
    "isdigit": 4,
    "islower": 5,
    "isnumeric": 6,
    "isspace": 7,
    "isupper": 8,
}
_CASES = {"title": 0, "capitalize": 1, "swapcase": 2}
_PADS = {"ljust": 0, "rjust": 1, "center": 2, "zfill": 3}
_CUTS = {"split": 0, "rsplit": 1, "splitlines": 2, "list": 3}


def _texts(code: FunctionCode, op: Op) -> str:
    """Return the operands, each of which is one slot."""
    return " ".join(code.get(register)[0] for register in op.args)


def _number(op: Op, numbers: dict[str, int]) -> str:
    return f"(i32.const {numbers[str(op.imm[0])]})"


def _contains(code: FunctionCode, op: Op) -> None:
    part, text = (code.get(register)[0] for register in op.args)
    code.set(op.dst, [f"(call $text_contains {text} {part})"])


def _find(code: FunctionCode, op: Op) -> None:
    found = code.temp("i64", f"(call $text_find {_texts(code, op)} {_number(op, _WHERE)})")
    if str(op.imm[0]).endswith("index"):
        code.fail_if(f"(i64.lt_s {found} (i64.const 0))", "value")
    code.set(op.dst, [found])


def _is(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [f"(call $text_is {_texts(code, op)} {_number(op, _TESTS)})"])


def _char_at(code: FunctionCode, op: Op) -> None:
    found = code.temp("i64", f"(call $text_at {_texts(code, op)})")
    code.fail_if(f"(i64.eq {found} {TOO_LARGE})", "index")
    code.set(op.dst, [found])


def _slice(code: FunctionCode, op: Op) -> None:
    call = f"(call $text_slice {_texts(code, op)} (i64.const {op.imm[0]}) {room(code)})"
    if op.imm[0] == 1:
        code.set(op.dst, [call])
    else:
        made(code, op, call)


def _remove(code: FunctionCode, op: Op) -> None:
    at_end = int(op.imm[0] == "removesuffix")
    code.set(op.dst, [f"(call $text_remove {_texts(code, op)} (i32.const {at_end}))"])


def _recase(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $text_recase {_texts(code, op)} {_number(op, _CASES)} {room(code)})")


def _json_text(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $text_json {_texts(code, op)} {room(code)})")


def _replace(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $text_replace {_texts(code, op)} {room(code)})")


def _repeat(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $text_repeat {_texts(code, op)} {room(code)})")


def _pad(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $text_pad {_texts(code, op)} {_number(op, _PADS)} {room(code)})")


def _join(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $text_join {_texts(code, op)} {room(code)})")


def _cut(code: FunctionCode, op: Op) -> None:
    separator, limit = op.imm[1], op.imm[2]
    reference = code.plan.constants[separator] if isinstance(separator, str) else 0
    arguments = f"(i64.const {reference}) (i64.const {limit}) {_number(op, _CUTS)}"
    made(code, op, f"(call $text_cut {_texts(code, op)} {arguments} {room(code)})", item_bytes=8)


def _partition(code: FunctionCode, op: Op) -> None:
    """Cut a text into three: all refer to it."""
    text, separator = (code.get(register)[0] for register in op.args)
    size = code.temp("i64", f"(i64.and {separator} (i64.const 0xffffffff))")
    code.fail_if(f"(i64.eqz {size})", "value")
    last = op.imm[0] == "rpartition"
    found = code.temp("i64", f"(call $text_find_byte {text} {separator} (i32.const {int(last)}))")
    whole = code.temp("i64", text)
    start = f"(i64.and {whole} (i64.const 0xffffffff00000000))"
    rest = f"(i64.sub (i64.sub (i64.and {whole} (i64.const 0xffffffff)) {found}) {size})"
    behind = f"(i64.shl (i64.add {found} {size}) (i64.const 32))"
    parts = (
        f"(i64.or {start} {found})",
        f"(i64.or (i64.add {start} (i64.shl {found} (i64.const 32))) {size})",
        f"(i64.or (i64.add {start} {behind}) {rest})",
    )
    empty = "(i64.const 0)"
    missing = (empty, empty, whole) if last else (whole, empty, empty)
    is_there = code.temp("i32", f"(i64.ge_s {found} (i64.const 0))")
    code.set(op.dst, [f"(select {a} {b} {is_there})" for a, b in zip(parts, missing, strict=True)])


def _ord(code: FunctionCode, op: Op) -> None:
    found = code.temp("i64", f"(call $text_code {_texts(code, op)})")
    code.fail_if(f"(i64.lt_s {found} (i64.const 0))", "type")
    code.set(op.dst, [found])


def _chr(code: FunctionCode, op: Op) -> None:
    number = code.temp("i64", _texts(code, op))
    code.fail_if(f"(i64.gt_u {number} (i64.const 0x10ffff))", "value")
    code.fail_if(f"(i64.lt_u (i64.sub {number} (i64.const 0xd800)) (i64.const 0x800))", "value")
    made(code, op, f"(call $code_text {number} {room(code)})")


def _build(code: FunctionCode, op: Op) -> None:
    """Copy one text after the other to the end of the arena, if all fit."""
    parts = [code.temp("i64", code.get(register)[0]) for register in op.args]
    size = code.temp("i64", total(f"(i64.and {part} (i64.const 0xffffffff))" for part in parts))
    left = f"(i64.sub (i64.const {ARENA_BYTES}) (i64.extend_i32_u {code.arena_used}))"
    code.fail_if(f"(i64.gt_u {size} {left})", "memory")
    first = code.temp("i32", code.arena_top)
    for part in parts:
        address = f"(i32.wrap_i64 (i64.shr_u {part} (i64.const 32)))"
        code.put(f"(call $copy_bytes {code.arena_top} {address} (i32.wrap_i64 {part}))")
        code.put(*code.grow_arena(f"(i32.wrap_i64 {part})"))
    code.set(op.dst, [f"(i64.or (i64.shl (i64.extend_i32_u {first}) (i64.const 32)) {size})"])


_FORMATS: dict[Type, str] = {INT: "format_int", FLOAT: "format_float", STR: "format_text"}


def _format(code: FunctionCode, op: Op) -> None:
    """The fields of the format become one number (``runtime/format.c``)."""
    fill, align, sign, prefix, width, grouping, precision, type_ = op.imm
    spec = int(width or 0) | bool(prefix) << 15 | (int(precision or 0) + 1) << 16
    for place, character in ((32, type_), (40, align), (48, sign), (56, grouping)):
        spec |= ord(str(character)) << place if character else 0
    value, reference = code.get(op.args[0])[0], f"(i64.const {code.plan.constants[str(fill)]})"
    made(code, op, f"(call ${_FORMATS[op.type]} {value} (i64.const {spec}) {reference} {room(code)})")


RULES: dict[str, Rule] = {
    "contains": _contains,
    "find": _find,
    "text_is": _is,
    "char_at": _char_at,
    "slice": _slice,
    "remove": _remove,
    "recase": _recase,
    "json_text": _json_text,
    "replace": _replace,
    "repeat": _repeat,
    "pad": _pad,
    "join": _join,
    "cut": _cut,
    "partition": _partition,
    "build": _build,
    "format": _format,
    "ord": _ord,
    "chr": _chr,
}


def _size_of(function: str) -> SizeOf:
    """Return the size of a text that is made, which a function of the runtime library computes from the operands."""

    def size(code: FunctionCode, op: Op) -> tuple[str, str]:
        if any(len(code.get(register)) != 1 for register in op.args):
            raise InternalError(f"line {op.line}: an operand of {op.code!r} has several slots")
        return "(i64.const 0)", f"(call ${function} {_texts(code, op)})"

    return size


def _wanted(code: FunctionCode, op: Op) -> tuple[str, str]:
    value, wanted = (code.get(register)[0] for register in op.args)
    if op.type == STR:
        wanted = f"(i64.add (i64.and {value} (i64.const 0xffffffff)) {wanted})"
    elif op.type == FLOAT:
        wanted = f"(i64.add (call $far_exponent {value}) {wanted})"
    return "(i64.const 0)", wanted


SIZES: dict[str, SizeOf] = {
    "wanted": _wanted,
    "replaced": _size_of("replaced_bytes"),
    "repeated": _size_of("repeated_bytes"),
    "padded": _size_of("padded_bytes"),
    "joined": _size_of("joined_bytes"),
}
