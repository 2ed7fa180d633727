"""Rules of what names, moves, widens, takes apart and keeps values: mostly free."""

from __future__ import annotations

from collections.abc import Sequence

from totem_ccf.kernel.areas import FIELD_BYTES
from totem_ccf.kernel.code import FunctionCode, Rule
from totem_ccf.kernel.flatten import item_offset, slots
from totem_ccf.kernel.roles import Cells
from totem_ccf.kernel.widening import wider
from totem_ccf.kernel.writer import float_text
from totem_sdk.errors import InternalError
from totem_sdk.program import Op, Value
from totem_sdk.types import BOOL, FLOAT, INT, NONE, NUM, STR, Option, Tuple, Type

__all__ = ["RULES", "text_sizes"]


def _const(code: FunctionCode, op: Op) -> None:
    if op.dst is None:
        raise InternalError(f"line {op.line}: a constant has no destination")
    code.set(op.dst, _constant(code, code.type_of(op.dst), op.imm[0]))


def _constant(code: FunctionCode, type_: Type, value: Value) -> list[str]:
    match value:
        case None if type_ == NONE or isinstance(type_, Option):
            return [slot.zero for slot in slots(type_)]
        case _ if isinstance(type_, Option):
            return ["(i32.const 1)", *_constant(code, type_.item, value)]
        case bool() if type_ == BOOL:
            return [f"(i32.const {int(value)})"]
        case int() if type_ == INT:
            return [f"(i64.const {value})"]
        case int() if type_ == NUM:
            return ["(i32.const 0)", f"(i64.const {value})"]
        case int() | float() if type_ == FLOAT:
            return [f"(f64.const {float_text(float(value))})"]
        case float() if type_ == NUM:
            return ["(i32.const 1)", f"(i64.reinterpret_f64 (f64.const {float_text(value)}))"]
        case str() if type_ == STR:
            return [f"(i64.const {code.plan.constants[value]})"]
    raise InternalError(f"the constant of type {type(value).__name__} is no {type_}")


def _move(code: FunctionCode, op: Op) -> None:
    source = op.args[0]
    if op.dst is None or slots(code.type_of(source)) != slots(code.type_of(op.dst)):
        raise InternalError(f"line {op.line}: {op.code!r} between registers of different types")
    code.set(op.dst, code.get(source))


def _widen(code: FunctionCode, op: Op) -> None:
    if op.dst is None:
        raise InternalError(f"line {op.line}: 'widen' has no destination")
    source = op.args[0]
    code.set(op.dst, wider(code.type_of(source), code.type_of(op.dst), code.get(source)))


def _tuple(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [value for register in op.args for value in code.get(register)])


def _item(code: FunctionCode, op: Op) -> None:
    source, index = op.args[0], op.imm[0]
    type_ = code.type_of(source)
    if not isinstance(type_, Tuple) or not isinstance(index, int):
        raise InternalError(f"line {op.line}: 'item' of a {type_}")
    start = item_offset(type_, index)
    code.set(op.dst, code.get(source)[start : start + len(slots(type_.items[index]))])


def _unwrap(code: FunctionCode, op: Op) -> None:
    values = code.get(op.args[0])
    code.set(op.dst, values[1:] if isinstance(code.type_of(op.args[0]), Option) else values)


def _param(code: FunctionCode, op: Op) -> None:
    number = op.imm[0]
    if not isinstance(number, int):
        raise InternalError(f"line {op.line}: 'param' names no parameter")
    code.set(op.dst, code.plan.params[code.plan.program.params[number].name].load())


def _field(code: FunctionCode, op: Op) -> Cells:
    number = op.imm[0]
    if not isinstance(number, int):
        raise InternalError(f"line {op.line}: {op.code!r} names no field")
    return code.role.fields[number]


def _load(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, _field(code, op).load())


def _store(code: FunctionCode, op: Op) -> None:
    """Store a field; its texts are copied to where they outlive the call."""
    field, source = _field(code, op), op.args[0]
    values = code.get(source)
    texts = [i for i, slot in enumerate(slots(field.type)) if slot.kind == "str"]
    if texts:
        old = text_sizes(field.type, field.load())
        new = text_sizes(field.type, values)
        code.put(f"(global.set $field_bytes (i64.add (i64.sub (global.get $field_bytes) {old}) {new}))")
        code.fail_if(f"(i64.gt_u (global.get $field_bytes) (i64.const {FIELD_BYTES}))", "memory")
        with code.within(f"(if (i32.eqz (call $room_to_keep {new})) (then", "))"):
            code.keeping_roots(lambda: code.put(f"(call $make_room {code.roots} {new})"))
    code.put(*field.store([f"(call $keep {v})" if i in texts else v for i, v in enumerate(values)]))


def text_sizes(type_: Type, values: Sequence[str]) -> str:
    """Return the instruction (an i64) for the UTF-8 bytes of all texts in a value."""
    parts = []
    for slot, value in zip(slots(type_), values, strict=True):
        if slot.kind == "list":
            raise InternalError("the kernel charges nothing by the bytes of a list")
        if slot.kind == "str":
            parts.append(f"(i64.and {value} (i64.const 0xffffffff))")
    result = "(i64.const 0)"
    for part in parts:
        result = part if result == "(i64.const 0)" else f"(i64.add {result} {part})"
    return result


RULES: dict[str, Rule] = {
    "const": _const,
    "assign": _move,
    "move": _move,
    "and": _move,
    "or": _move,
    "widen": _widen,
    "tuple": _tuple,
    "item": _item,
    "unwrap": _unwrap,
    "param": _param,
    "load": _load,
    "store": _store,
    "call": FunctionCode.call,
}
