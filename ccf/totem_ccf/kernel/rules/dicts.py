"""Rules of dicts: the work is the runtime library's (``runtime/dicts.c``).

A dict is the address of its header, which begins as a list's; an entry is the slots of its key and its value. What
knows their types is written here.
"""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule, SizeOf
from totem_ccf.kernel.flatten import shape, slots
from totem_ccf.kernel.rules.lists import array_bytes, array_length, item_address, keep, load, made, spilled
from totem_ccf.kernel.rules.values import text_sizes
from totem_ccf.kernel.widening import wider
from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.types import Dict, Type, part_of_entry, words

__all__ = ["RULES", "SIZES"]


def _type(op: Op) -> Dict:
    if not isinstance(op.type, Dict):
        raise InternalError(f"line {op.line}: {op.code!r} of a {op.type}")
    return op.type


def _shape(code: FunctionCode, type_: Type) -> str:
    return f"(i64.const {code.plan.constants[shape(type_)]})"


def _dict(code: FunctionCode, op: Op) -> str:
    return code.get(op.args[0])[0]


def _value(op: Op, entry: str) -> list[str]:
    """Return the instructions that read the value of an entry."""
    return load(_type(op).value, f"(i32.add {entry} (i32.const {8 * words(_type(op).key)}))")


def _new(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $dict_new (i32.const {max(1, words(_type(op).item))}))")


def _found(code: FunctionCode, op: Op) -> str:
    """Return the address of the entry of the key, 0 if there is none."""
    key = spilled(code, op, 1)
    return code.temp("i32", f"(call $dict_find {_dict(code, op)} {key} {_shape(code, _type(op).key)})")


def _get(code: FunctionCode, op: Op) -> None:
    entry = _found(code, op)
    code.fail_if(f"(i32.eqz {entry})", "key")
    code.set(op.dst, _value(op, entry))


def _has(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [f"(i32.ne {_found(code, op)} (i32.const 0))"])


def _or_default(code: FunctionCode, op: Op, entry: str) -> None:
    """Store the value of an entry, or the third operand where there is none."""
    if op.dst is None:
        raise InternalError(f"line {op.line}: {op.code!r} without a destination")
    type_ = code.type_of(op.dst)
    default = code.get(op.args[2])
    names = [code.local(f"$given_{slot.wasm}_{i}", slot.wasm) for i, slot in enumerate(slots(type_))]
    with code.within(f"(if {entry}"):
        with code.within("(then"):
            found = wider(_type(op).value, type_, _value(op, entry))
            code.put(*(f"(local.set {name} {value})" for name, value in zip(names, found, strict=True)))
        with code.within("(else"):
            code.put(*(f"(local.set {name} {value})" for name, value in zip(names, default, strict=True)))
    code.set(op.dst, [f"(local.get {name})" for name in names])


def _default(code: FunctionCode, op: Op) -> None:
    _or_default(code, op, _found(code, op))


def _entered(code: FunctionCode, op: Op) -> str:
    """Give a key its value, and return the address of its entry."""
    type_, values = _type(op), code.get(op.args[2])
    key = spilled(code, op, 1)
    entry = code.temp(
        "i32",
        f"(call $dict_enter {_dict(code, op)} {key} {_shape(code, type_.key)} {_shape(code, type_.value)}"
        f" (i32.const {words(type_.key)}) {text_sizes(type_.value, values)})",
    )
    code.fail_if(f"(i32.eqz {entry})", "memory")
    keep(code, type_.value, f"(i32.add {entry} (i32.const {8 * words(type_.key)}))", values)
    return entry


def _put(code: FunctionCode, op: Op) -> None:
    _entered(code, op)


def _setdefault(code: FunctionCode, op: Op) -> None:
    found = _found(code, op)
    name = code.local("$entry", "i32")
    code.put(f"(local.set {name} {found})")
    with code.within(f"(if (i32.eqz {found}) (then", "))"):
        code.put(f"(local.set {name} {_entered(code, op)})")
    code.set(op.dst, _value(op, f"(local.get {name})"))


def _pop(code: FunctionCode, op: Op) -> None:
    entry, type_ = _found(code, op), _type(op)
    if len(op.args) == 2:
        code.fail_if(f"(i32.eqz {entry})", "key")
        code.set(op.dst, _value(op, entry))
    else:
        _or_default(code, op, entry)
    with code.within(f"(if {entry} (then", "))"):
        size = text_sizes(type_.item, load(type_.item, entry))
        code.put(f"(call $dict_remove {_dict(code, op)} {entry} {size})")


def _clear(code: FunctionCode, op: Op) -> None:
    code.put(f"(call $dict_clear {_dict(code, op)})")


def _copy(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $dict_copy {_dict(code, op)})")


def _update(code: FunctionCode, op: Op) -> None:
    type_ = _type(op)
    call = (
        f"(call $dict_update {_dict(code, op)} {code.get(op.args[1])[0]} {_shape(code, type_.key)}"
        f" {_shape(code, type_.value)} (i32.const {words(type_.key)}))"
    )
    code.fail_if(f"(i32.eqz {call})", "memory")


def _part(op: Op) -> tuple[int, Type]:
    """Return from which word on an entry has what the immediate names, and its type."""
    type_ = _type(op)
    view = str(op.imm[0])
    return words(type_.key) if view == "values" else 0, part_of_entry(type_.item, view)


def _list(code: FunctionCode, op: Op) -> None:
    start, part = _part(op)
    which = f"(i32.const {start}) (i32.const {words(part)}) {_shape(code, part)}"
    made(code, op, f"(call $dict_list {_dict(code, op)} {which})")


_CHANGES = "(i64.load32_u offset=44 {0})"
"""Where the header has how often keys came or went."""


def _changes(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [_CHANGES.format(_dict(code, op))])


def _test(code: FunctionCode, op: Op) -> None:
    counter, entries, changes = (code.get(register)[0] for register in op.args)
    code.fail_if(f"(i64.ne {_CHANGES.format(entries)} {changes})", "runtime")
    code.set(op.dst, [f"(i64.lt_u {counter} {array_length(entries)})"])


def _at(code: FunctionCode, op: Op) -> None:
    start, part = _part(op)
    entry = item_address(code, _type(op).item, _dict(code, op), code.get(op.args[1])[0])
    code.set(op.dst, load(part, f"(i32.add {entry} (i32.const {8 * start}))"))


RULES: dict[str, Rule] = {
    "dict_new": _new,
    "dict_get": _get,
    "dict_has": _has,
    "dict_default": _default,
    "dict_setdefault": _setdefault,
    "dict_put": _put,
    "dict_pop": _pop,
    "dict_clear": _clear,
    "dict_update": _update,
    "dict_copy": _copy,
    "dict_list": _list,
    "dict_changes": _changes,
    "dict_test": _test,
    "dict_at": _at,
}


def _size_pop(code: FunctionCode, op: Op) -> tuple[str, str]:
    return array_length(_dict(code, op)), text_sizes(_type(op).key, code.get(op.args[1]))


def _size_update(code: FunctionCode, op: Op) -> tuple[str, str]:
    more = code.get(op.args[1])[0]
    return array_length(more), array_bytes(more)


def _size_copy(code: FunctionCode, op: Op) -> tuple[str, str]:
    return array_length(_dict(code, op)), array_bytes(_dict(code, op))


def _size_list(code: FunctionCode, op: Op) -> tuple[str, str]:
    return array_length(_dict(code, op)), "(i64.const 0)"


def _size_entry(code: FunctionCode, op: Op) -> tuple[str, str]:
    key, value = (text_sizes(code.type_of(op.args[i]), code.get(op.args[i])) for i in (1, 2))
    return "(i64.const 0)", f"(i64.add {key} {value})"


SIZES: dict[str, SizeOf] = {
    "entry": _size_entry,
    "dict_pop": _size_pop,
    "dict_update": _size_update,
    "dict_copy": _size_copy,
    "dict_list": _size_list,
}
"""By sizing or opcode: how many entries, and how many bytes of texts, a sized operation is charged for."""
