"""Rules of lists that travel as texts (``runtime/pack.c``)."""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule, SizeOf
from totem_ccf.kernel.flatten import held_shape
from totem_ccf.kernel.rules.texts import made, room
from totem_sdk.errors import InternalError
from totem_sdk.program import Op

__all__ = ["RULES", "SIZES"]


def _pack(code: FunctionCode, op: Op) -> None:
    items, shape = code.get(op.args[0])[0], code.plan.constants[held_shape(op.type)]
    made(code, op, f"(call $list_pack {items} (i64.const {shape}) {room(code)})")


def _unpack(code: FunctionCode, op: Op) -> None:
    if op.dst is None:
        raise InternalError(f"line {op.line}: 'unpack_list' has no destination")
    shape = code.plan.constants[held_shape(code.type_of(op.dst))]
    result = code.temp("i32", f"(call $list_unpack {code.get(op.args[0])[0]} (i64.const {shape}))")
    code.fail_if(f"(i32.eqz {result})", "memory")
    code.set(op.dst, [result])


def _size_pack(code: FunctionCode, op: Op) -> tuple[str, str]:
    items, shape = code.get(op.args[0])[0], code.plan.constants[held_shape(op.type)]
    return code.temp("i64", f"(call $packed_items {items} (i64.const {shape}))"), "(call $packed_bytes)"


RULES: dict[str, Rule] = {"pack": _pack, "unpack_list": _unpack}

SIZES: dict[str, SizeOf] = {"pack": _size_pack}
