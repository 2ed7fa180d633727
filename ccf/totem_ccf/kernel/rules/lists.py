"""Rules of lists that can be changed: the work is the runtime library's (``runtime/lists.c``).

A list is the address of its header. What knows the type of an item is written here: its slots in memory, its bytes of
texts, its shape.
"""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_ccf.kernel.flatten import held_shape, line_shape, shape, slots
from totem_ccf.kernel.rules.values import text_sizes
from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.types import FLOAT, INT, NUM, List, Type, words

__all__ = [
    "RULES",
    "array_at",
    "array_bytes",
    "array_compare",
    "array_length",
    "bounds",
    "item",
    "item_address",
    "item_shape",
    "item_words",
    "keep",
    "load",
    "made",
    "operand",
    "place_item",
    "spilled",
]


def item(op: Op) -> Type:
    """Return the type of an item of the list that an operation works on."""
    if not isinstance(op.type, List):
        raise InternalError(f"line {op.line}: {op.code!r} of a {op.type}")
    return op.type.item


def item_words(op: Op) -> str:
    """Return the instruction for the number of words of an item."""
    return f"(i32.const {max(1, words(item(op)))})"


def item_shape(code: FunctionCode, op: Op) -> str:
    """Return the instruction for the shape of an item (lists.c)."""
    return f"(i64.const {code.plan.constants[shape(item(op))]})"


def array_length(value: str) -> str:
    """Return the instruction (an i64) for the number of items of a list."""
    return f"(i64.load32_u {value})"


def array_bytes(value: str) -> str:
    """Return the instruction (an i64) for the bytes of all texts in the items of a list."""
    return f"(i64.load offset=16 {value})"


def load(type_: Type, address: str) -> list[str]:
    """Return the instructions that read the slots of an item from its place."""
    return [f"({slot.wasm}.load offset={8 * i} {address})" for i, slot in enumerate(slots(type_))]


def keep(code: FunctionCode, type_: Type, address: str, values: list[str]) -> None:
    """Write the slots of an item to its place; its texts are copied to where they last."""
    for i, (slot, value) in enumerate(zip(slots(type_), values, strict=True)):
        kept = f"(call $arena_text {value})" if slot.kind == "str" else value
        code.put(f"({slot.wasm}.store offset={8 * i} {address} {kept})")


def made(code: FunctionCode, op: Op, call: str) -> None:
    """Store the list or dict that the runtime has made, unless there was no memory left."""
    result = code.temp("i32", call)
    code.fail_if(f"(i32.eqz {result})", "memory")
    code.set(op.dst, [result])


def operand(code: FunctionCode, op: Op, position: int = 0) -> str:
    """Return an operand of one word, such as the address of a list."""
    return code.get(op.args[position])[0]


def _new(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $list_new {item_words(op)})")


def _view(code: FunctionCode, op: Op) -> None:
    items = operand(code, op)
    start = f"(i64.shl (i64.load32_u offset=8 {items}) (i64.const 32))"
    code.set(op.dst, [f"(i64.or {start} {array_length(items)})"])


def _of(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $list_of {operand(code, op)})")


def place_item(code: FunctionCode, op: Op, call: str, values: list[str]) -> None:
    """Write an item to the place that the runtime gives."""
    # The call may make room, which moves what the values refer to only inside of the arena, never texts.
    address = code.temp("i32", call)
    code.fail_if(f"(i32.eqz {address})", "memory")
    keep(code, item(op), address, values)


def _append(code: FunctionCode, op: Op) -> None:
    values = code.get(op.args[1])
    size = text_sizes(item(op), values)
    place_item(code, op, f"(call $list_append {operand(code, op)} {size})", values)


def _insert(code: FunctionCode, op: Op) -> None:
    values = code.get(op.args[2])
    position, size = operand(code, op, 1), text_sizes(item(op), values)
    place_item(code, op, f"(call $list_insert {operand(code, op)} {position} {size})", values)


def _index(code: FunctionCode, items: str, position: str) -> str:
    """Return a position inside of the list, an i64, counted from the front; or fail."""
    length = array_length(items)
    index = code.temp("i64", f"(select (i64.add {position} {length}) {position} (i64.lt_s {position} (i64.const 0)))")
    code.fail_if(f"(i64.ge_u {index} {length})", "index")
    return index


def item_address(code: FunctionCode, type_: Type, items: str, index: str) -> str:
    """Return the address of an item of a list, or of an entry of a dict."""
    size = 8 * max(1, words(type_))
    return code.temp(
        "i32",
        f"(i32.add (i32.load offset=8 {items}) (i32.mul (i32.wrap_i64 {index}) (i32.const {size})))",
    )


def array_at(code: FunctionCode, op: Op) -> None:
    """Write the reading of an item."""
    items = operand(code, op)
    index = _index(code, items, operand(code, op, 1))
    code.set(op.dst, load(item(op), item_address(code, item(op), items, index)))


def _put(code: FunctionCode, op: Op) -> None:
    items, values = operand(code, op), code.get(op.args[2])
    type_ = item(op)
    index = _index(code, items, operand(code, op, 1))
    address = item_address(code, type_, items, index)
    if any(slot.kind == "str" for slot in slots(type_)):
        added, removed = text_sizes(type_, values), text_sizes(type_, load(type_, address))
        code.fail_if(f"(i32.eqz (call $list_put {items} {added} {removed}))", "memory")
    keep(code, type_, address, values)


def _removed(code: FunctionCode, op: Op, position: str) -> None:
    items, type_ = operand(code, op), item(op)
    index = _index(code, items, position)
    address = item_address(code, type_, items, index)
    size = code.temp("i64", text_sizes(type_, load(type_, address)))
    values = [code.temp(slot.wasm, value) for slot, value in zip(slots(type_), load(type_, address), strict=True)]
    code.put(f"(call $list_remove {items} (i32.wrap_i64 {index}) {size})")
    code.set(op.dst, values)


def _pop(code: FunctionCode, op: Op) -> None:
    _removed(code, op, "(i64.const -1)")


def _pop_at(code: FunctionCode, op: Op) -> None:
    _removed(code, op, operand(code, op, 1))


def _extend(code: FunctionCode, op: Op) -> None:
    code.fail_if(f"(i32.eqz (call $list_extend {operand(code, op)} {operand(code, op, 1)}))", "memory")


def _two(function: str) -> Rule:
    def rule(code: FunctionCode, op: Op) -> None:
        made(code, op, f"(call ${function} {operand(code, op)} {operand(code, op, 1)})")

    return rule


def bounds(code: FunctionCode, op: Op) -> str:
    """Return the bounds of a slice, and which of them are given."""
    return " ".join([*(operand(code, op, position) for position in (1, 2, 3)), f"(i32.const {op.imm[0]})"])


def _slice(code: FunctionCode, op: Op) -> None:
    if int(op.imm[0] or 0) & 4:
        code.fail_if(f"(i64.eqz {operand(code, op, 3)})", "value")
    made(code, op, f"(call $list_slice {operand(code, op)} {bounds(code, op)} {item_shape(code, op)})")


def spilled(code: FunctionCode, op: Op, position: int) -> str:
    """Write an operand to memory and return its address."""
    address = code.temp("i32", "(call $arena_scratch)")
    type_ = code.type_of(op.args[position])
    for i, (slot, value) in enumerate(zip(slots(type_), code.get(op.args[position]), strict=True)):
        code.put(f"({slot.wasm}.store offset={8 * i} {address} {value})")
    return address


def _contains(code: FunctionCode, op: Op) -> None:
    items = operand(code, op)
    found = f"(call $list_find {items} {spilled(code, op, 1)} {item_shape(code, op)})"
    code.set(op.dst, [f"(i32.lt_u {found} (i32.load {items}))"])


def _find(code: FunctionCode, op: Op) -> None:
    items = operand(code, op)
    found = code.temp("i32", f"(call $list_find {items} {spilled(code, op, 1)} {item_shape(code, op)})")
    code.fail_if(f"(i32.ge_u {found} (i32.load {items}))", "value")
    code.set(op.dst, [f"(i64.extend_i32_u {found})"])


def _occurrences(code: FunctionCode, op: Op) -> None:
    items = operand(code, op)
    code.set(op.dst, [f"(call $list_occurrences {items} {spilled(code, op, 1)} {item_shape(code, op)})"])


def _sign(op: Op) -> str:
    return f"(i32.const {-1 if op.imm[0] else 1})"


def _sort(code: FunctionCode, op: Op) -> None:
    code.put(f"(call $list_sort {operand(code, op)} {_sign(op)} {item_shape(code, op)})")


def _sort_lines(code: FunctionCode, op: Op) -> None:
    shape_ = code.plan.constants[line_shape(item(op))]
    code.put(f"(call $list_sort_lines {operand(code, op)} (i64.const {shape_}))")


def _sorted(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $list_sorted {operand(code, op)} {_sign(op)} {item_shape(code, op)})")


def _done(function: str) -> Rule:
    def rule(code: FunctionCode, op: Op) -> None:
        code.put(f"(call ${function} {operand(code, op)})")

    return rule


def _extreme(sign: int) -> Rule:
    def rule(code: FunctionCode, op: Op) -> None:
        items = operand(code, op)
        code.fail_if(f"(i32.eqz (i32.load {items}))", "value")
        place = code.temp("i32", f"(call $list_extreme {items} (i32.const {sign}) {item_shape(code, op)})")
        code.set(op.dst, load(item(op), place))

    return rule


def _sum(code: FunctionCode, op: Op) -> None:
    items, type_ = operand(code, op), item(op)
    result = f"(i32.const {code.plan.scratch})"
    if type_ == NUM:
        code.put(f"(call $list_sum_nums {items})")
        tag = code.temp("i32", f"(call $sum_num_result {result})")
        code.fail_if(f"(i32.eq {tag} (i32.const 2))", "overflow")
        code.set(op.dst, [tag, f"(i64.load {result})"])
        return
    functions = {INT: "sum_ints", FLOAT: "sum_floats"}
    if type_ not in functions:
        raise InternalError(f"line {op.line}: the kernel has no sum of {type_}")
    code.put("(call $sum_begin)", f"(call ${functions[type_]} (i32.load offset=8 {items}) (i32.load {items}))")
    if type_ == INT:
        code.fail_if(f"(call $sum_int_result {result})", "overflow")
        code.set(op.dst, [f"(i64.load {result})"])
        return
    # Nothing adds up to the int 0, as in Python.
    some = code.temp("i32", f"(i32.ne (i32.load {items}) (i32.const 0))")
    bits = f"(select (i64.reinterpret_f64 (call $sum_float_result)) (i64.const 0) {some})"
    code.set(op.dst, [some, bits])


def _test(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [f"(i64.lt_u {operand(code, op)} {array_length(operand(code, op, 1))})"])


def _collect(code: FunctionCode, _op: Op) -> None:
    with code.within("(if (call $heap_due) (then", "))"):
        code.put("(call $heap_begin)")
        for cells in code.role.held:
            shape_ = code.plan.constants[held_shape(cells.type)]
            code.put(f"(call $heap_keep (i32.const {cells.address}) (i64.const {shape_}))")
        code.fail_if("(i32.eqz (call $heap_end))", "memory")


def array_compare(code: FunctionCode, op: Op) -> None:
    """Write ``==`` or ``!=`` of two lists."""
    equal = f"(call $list_equal {operand(code, op)} {operand(code, op, 1)} {item_shape(code, op)})"
    code.set(op.dst, [equal if op.code == "eq" else f"(i32.eqz {equal})"])


RULES: dict[str, Rule] = {
    "list_view": _view,
    "list_new": _new,
    "list_of": _of,
    "append": _append,
    "put": _put,
    "pop": _pop,
    "pop_at": _pop_at,
    "insert": _insert,
    "clear": _done("list_clear"),
    "extend": _extend,
    "list_add": _two("list_add"),
    "list_times": _two("list_times"),
    "list_slice": _slice,
    "list_contains": _contains,
    "list_find": _find,
    "occurrences": _occurrences,
    "sort": _sort,
    "sorted": _sorted,
    "sort_lines": _sort_lines,
    "reverse": _done("list_reverse"),
    "list_sum": _sum,
    "list_min": _extreme(1),
    "list_max": _extreme(-1),
    "collect": _collect,
    "list_test": _test,
}
