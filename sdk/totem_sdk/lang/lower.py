"""Sixth pass, second half: statements of the typed tree become blocks, arms and loops."""

from __future__ import annotations

from collections.abc import Callable

from totem_sdk.errors import InternalError
from totem_sdk.lang.dicts import VIEWS
from totem_sdk.lang.findings import At
from totem_sdk.lang.lower_errors import ErrorLowering
from totem_sdk.lang.passing import pack, unpack
from totem_sdk.lang.tree import (
    Assign,
    Break,
    Const,
    Continue,
    Drop,
    Emit,
    Expr,
    Field,
    For,
    If,
    Local,
    Place,
    Raise,
    Return,
    Stmt,
    Target,
    Try,
    Unpack,
    Variable,
    While,
    is_operation,
)
from totem_sdk.types import BOOL, INT, STR, Dict, List, Tuple, Type, Values, has_list, travelling

__all__ = ["Lowering"]

_OF_DICTS = {f"dict-{view}": view for view in VIEWS}
"""Kinds of loops over dicts, and what their rounds get."""


class Lowering(ErrorLowering):
    """Lowers one function."""

    # Statements.

    def body(self, statements: tuple[Stmt, ...]) -> None:
        """Lower statements one after the other."""
        for statement in statements:
            self.statement(statement)

    def statement(self, node: Stmt) -> None:
        """Lower one statement."""
        match node:
            case Assign(values=(value,), targets=((target, _),)):
                self._store(value, target)
            case Assign():
                self._assign(node)
            case Unpack():
                self._unpack(node)
            case Drop():
                self.value(node.value)
            case Emit():
                self._emit(node)
            case If():
                condition = self.value(node.condition)
                self.build.branch(condition, lambda: self.body(node.then), lambda: self.body(node.orelse))
            case While():
                self._with_else(node, lambda: self.build.loop("while", None, lambda: self._while_round(node)))
            case For():
                self._with_else(node, lambda: self._for(node))
            case Break() | Continue() | Raise() | Try():
                self.leaving(node)
            case Return():
                self.give_back(node.value, node.at)

    def _store(self, value: Expr, target: Target) -> None:
        if isinstance(target, Variable):
            register = self.variable(target.version)
            return self.put(value, register, self.build.registers[register])
        if isinstance(target, Place):
            register = self.widened(self.value(value), value.type, self._target_type(target), value.at)
            return self._put(target, register, value.at)
        type_ = self.around.fields[target.name]
        register = self.build.register(type_)
        self.put(value, register, type_)
        return self._store_field(target, register, value.at)

    def _put(self, target: Place, register: int, at: At) -> None:
        owner, index = self.value(target.owner), self.value(target.index)
        code = "dict_put" if isinstance(target.type, Dict) else "put"
        self.build.op(code, target.type, None, (owner, index, register), at)

    def _store_field(self, target: Field, register: int, at: At) -> None:
        position = list(self.around.fields).index(target.name)
        self.build.op("store", self.around.fields[target.name], None, (register,), at, imm=(position,))

    def _target_type(self, target: Target) -> Type:
        if isinstance(target, Field):
            return self.around.fields[target.name]
        if isinstance(target, Place):
            if isinstance(target.type, Dict):
                return target.type.value
            if not isinstance(target.type, List):
                raise InternalError("an item of no list")
            return target.type.item
        return self.build.registers[self.variable(target.version)]

    def _keep(self, register: int, type_: Type, target: Target, at: At, *, charged: bool) -> None:
        """Store what is in a register already: a copy (charged) or the result of an operation."""
        wider = self._target_type(target)
        if isinstance(target, Variable) and type_ == wider:
            self.build.op("assign" if charged else "move", type_, self.variable(target.version), (register,), at)
            return
        if charged:
            copy = self.build.register(type_)
            self.build.op("assign", type_, copy, (register,), at)
            register = copy
        if isinstance(target, Variable):
            self.build.op("widen", type_, self.variable(target.version), (register,), at)
        elif isinstance(target, Place):
            self._put(target, self.widened(register, type_, wider, at), at)
        else:
            self._store_field(target, self.widened(register, type_, wider, at), at)

    def _assign(self, node: Assign) -> None:
        """Evaluate all values first, then store them from the left."""
        registers: list[int] = []
        for value in node.values:
            register = self.value(value)
            if isinstance(value, Local):
                # The variable itself may be a target.
                register = self.value(value, self.build.register(value.type))
            registers.append(register)
        stored: set[int] = set()
        for target, position in node.targets:
            value = node.values[position]
            charged = position in stored or not is_operation(value)
            self._keep(registers[position], value.type, target, value.at, charged=charged)
            stored.add(position)

    def _unpack(self, node: Unpack) -> None:
        type_ = node.value.type
        value = self.value(node.value)
        match type_:
            case List():
                self.build.op("unpack", type_, None, (value,), node.at, imm=(len(node.targets),))
                for position, target in enumerate(node.targets):
                    index = self.value(Const(INT, node.at, position))
                    item = self.build.register(type_.item)
                    self.build.op("at", type_, item, (value, index), node.at, sure=True)
                    self._keep(item, type_.item, target, node.at, charged=False)
            case Tuple():
                items = [self._item(value, type_, position, node.at) for position in range(len(type_.items))]
                for register, item_type, target in zip(items, type_.items, node.targets, strict=True):
                    self._keep(register, item_type, target, node.at, charged=True)

    def _item(self, value: int, type_: Tuple, position: int, at: At) -> int:
        item = self.build.register(type_.items[position])
        self.build.op("item", type_, item, (value,), at, imm=(position,))
        return item

    def _emit(self, node: Emit) -> None:
        if self.around.emits is None:
            raise InternalError("an emit in a role that emits nothing")
        key = self.value(node.key)
        if node.value is None:
            if not isinstance(node.key.type, Tuple):
                raise InternalError("an emit without a value")
            pair, both = node.key.type, key
            key, value = self._item(both, pair, 0, node.at), self._item(both, pair, 1, node.at)
            types = pair.items
        else:
            value = self.value(node.value)
            types = (node.key.type, node.value.type)
        key = self.widened(key, types[0], self.around.emits[0], node.at)
        if isinstance(types[1], List):
            value = pack(self.build, types[1], value, node.at)
        else:
            value = self.widened(value, types[1], self.around.emits[1], node.at)
            value = pack(self.build, self.around.emits[1], value, node.at)
        self.build.op("emit", Tuple(travelling(self.around.emits)), None, (key, value), node.at)

    # Loops.

    def _with_else(self, node: While | For, loop: Callable[[], None]) -> None:
        """Lower a loop; what leaves it by ``break`` leaves its else as well."""
        if not node.orelse:
            return loop()

        def both() -> None:
            loop()
            self.build.enter_else()
            self.body(node.orelse)

        return self.build.scope(both, "else")

    def _while_round(self, node: While) -> None:
        condition = self.value(node.condition)
        self.build.branch(condition, lambda: self._scoped(node, lambda: self.body(node.body)), self._leave)

    def _leave(self) -> None:
        self.build.leave("loop")

    def _scoped(self, node: While | For, fill: Callable[[], None]) -> None:
        """Fill the body of a round so that ``continue`` ends it and nothing more."""
        if node.continues:
            self.build.scope(fill)
        else:
            fill()

    def _for(self, node: For) -> None:
        if node.kind == "values":
            self.build.loop("values", None, lambda: self._values_round(node))
            return
        at = node.at
        if node.kind == "array":
            self._changing_list(node)
            return
        if node.kind in _OF_DICTS:
            self._dict(node)
            return
        if node.kind == "list":
            over = self.value(node.over[0])
            if isinstance(node.over[0], Local):
                over = self.value(node.over[0], self.build.register(node.over[0].type))
            length = self.build.register(INT)
            self.build.op("len", node.over[0].type, length, (over,), at)
            bounds = (self.value(Const(INT, at, 0)), length, self.value(Const(INT, at, 1)))
        else:
            over = -1
            start, stop, step = (self.value(bound) for bound in node.over)
            bounds = (self._fixed(node.over[0], start), stop, self._fixed(node.over[2], step))
        counter = self.build.register(INT)
        self.build.op("const", INT, counter, (), at, imm=(0,))
        trip = self.build.register(INT)
        self.build.op("range_start", INT, trip, bounds, at)

        def take(into: int) -> None:
            if node.kind == "list":
                self.build.op("at", node.over[0].type, into, (over, counter), at, sure=True)
            else:
                self.build.op("range_at", INT, into, (bounds[0], bounds[2], counter), at)

        def counted() -> None:
            self._scoped(node, lambda: self._round(node, take))
            self.build.op("range_step", INT, counter, (counter,), at)

        def head() -> None:
            test = self.build.register(BOOL)
            self.build.op("range_test", INT, test, (counter, trip), at)
            self.build.branch(test, counted, self._leave)

        self.build.loop(node.kind, trip, head)

    def _changing_list(self, node: For) -> None:
        """Loop over a list that the body may change: every round asks for its length."""
        at, list_type = node.at, node.over[0].type
        over = self.value(node.over[0])
        if isinstance(node.over[0], Local):
            over = self.value(node.over[0], self.build.register(list_type))
        counter = self.build.register(INT)
        self.build.op("const", INT, counter, (), at, imm=(0,))

        def take(into: int) -> None:
            self.build.op("at", list_type, into, (over, counter), at, sure=True)

        def counted() -> None:
            self._scoped(node, lambda: self._round(node, take))
            self.build.op("range_step", INT, counter, (counter,), at)

        def head() -> None:
            test = self.build.register(BOOL)
            self.build.op("list_test", list_type, test, (counter, over), at)
            self.build.branch(test, counted, self._leave)

        self.build.loop("list", None, head)

    def _dict(self, node: For) -> None:
        """Loop over a dict; every round asks whether keys have come or gone."""
        at, type_ = node.at, node.over[0].type
        over = self.value(node.over[0])
        if isinstance(node.over[0], Local):
            over = self.value(node.over[0], self.build.register(type_))
        counter, changes = self.build.register(INT), self.build.register(INT)
        self.build.op("const", INT, counter, (), at, imm=(0,))
        self.build.op("dict_changes", type_, changes, (over,), at)

        def take(into: int) -> None:
            self.build.op("dict_at", type_, into, (over, counter), at, imm=(_OF_DICTS[node.kind],))

        def counted() -> None:
            self._scoped(node, lambda: self._round(node, take))
            self.build.op("range_step", INT, counter, (counter,), at)

        def head() -> None:
            test = self.build.register(BOOL)
            self.build.op("dict_test", type_, test, (counter, over, changes), at)
            self.build.branch(test, counted, self._leave)

        self.build.loop("list", None, head)

    def _fixed(self, expr: Expr, register: int) -> int:
        """Return a register that the loop's body can't change."""
        return self.value(expr, self.build.register(expr.type)) if isinstance(expr, Local) else register

    def _values_round(self, node: For) -> None:
        more = self.build.register(BOOL)
        item = STR if has_list(node.item) else node.item
        self.build.op("more_values", Values(item), more, (), node.at)

        def take(into: int) -> None:
            if not has_list(node.item):
                self.build.op("read_value", node.item, into, (), node.at)
                return
            text = self.build.register(STR)
            self.build.op("read_value", STR, text, (), node.at)
            unpack(self.build, text, node.item, into, node.at)

        self.build.branch(more, lambda: self._scoped(node, lambda: self._round(node, take)), self._leave)

    def _round(self, node: For, take: Callable[[int], None]) -> None:
        """Give the loop's variables their values, which is free (what was taken is paid), and run the body."""
        registers = [self.variable(target.version) for target in node.targets]
        if node.unpacks:
            if not isinstance(node.item, Tuple):
                raise InternalError("a loop that unpacks what is no tuple")
            value = self.build.register(node.item)
            take(value)
            for position, register in enumerate(registers):
                type_ = node.item.items[position]
                if type_ == self.build.registers[register]:
                    self.build.op("item", node.item, register, (value,), node.at, imm=(position,))
                else:
                    item = self._item(value, node.item, position, node.at)
                    self.build.op("widen", type_, register, (item,), node.at)
        elif node.item == self.build.registers[registers[0]]:
            take(registers[0])
        else:
            value = self.build.register(node.item)
            take(value)
            self.build.op("widen", node.item, registers[0], (value,), node.at)
        self.body(node.body)
