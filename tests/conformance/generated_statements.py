"""Random statements, for the generator of jobs."""

from __future__ import annotations

from generated_deques import Deques
from generated_errors import Errors
from generated_expressions import Scope, parts
from generated_held import EMITTED, HELD
from generated_unions import is_union


class Statements(Deques, Errors):
    """Writes statements and blocks of them."""

    def types(self, scope: Scope) -> list[str]:
        """Return the types of which an expression can be made here."""
        found = ["int", "float", "num", "bool", "str", "(int,str)", "(float,(bool,str))", "int?", "str?"]
        return found + (["date", "datetime"] if self.atoms("datetime", scope) else [])

    def block(self, depth: int, scope: Scope, size: int) -> None:
        """Write a block of about so many statements."""
        written = len(self.lines)
        for _ in range(size):
            self.statement(depth, scope, size // 2)
        if len(self.lines) == written:
            self.write(depth, "pass")

    def statement(self, depth: int, scope: Scope, size: int) -> None:
        kinds = (
            ["assign"] * 4
            + ["again"] * 2
            + ["field", "unpack", "swap", "emit", "emit", "leave", "drop", "list", "dict", "set", "counter", "deque"]
        )
        if depth < 5:
            kinds += ["branch"] * 3 + ["range", "split", "while", "known", "unpack_split", "try"]
        kinds.append("raise")
        if any(type_ in HELD for type_ in scope.fields.values()):
            kinds += ["field"] * 4
        if any(type_ in EMITTED for type_ in scope.names.values()) and self.one_in(3):
            self.write_came(depth, scope)
        getattr(self, f"write_{self.chance.choice(kinds)}")(depth, scope, size)

    def write_assign(self, depth: int, scope: Scope, size: int) -> None:
        del size
        type_ = self.chance.choice(self.types(scope))
        ready = [name for name, has in scope.names.items() if has == type_ and name.startswith("v")]
        name = self.chance.choice(ready) if ready and self.one_in(2) else self.name()
        annotated = type_ in ("int", "float", "bool", "str") and name not in scope.names and self.one_in(4)
        value = self.expr(type_, scope, 3)
        if "+" in value and type_ in ("str", "str?", "(int,str)", "(float,(bool,str))") and scope.loops:
            # A text that grows in every round is refused: inside of loops texts are not built from variables.
            value = self.expr(type_, Scope(row=scope.row, bare=scope.bare), 2).replace(name, '"q"')
        self.write(depth, f"{name}{f': {type_}' if annotated else ''} = {value}")
        scope.names[name] = type_

    def write_again(self, depth: int, scope: Scope, size: int) -> None:
        del size
        ready = [name for name, has in scope.names.items() if has in ("int", "float", "num") and name.startswith("v")]
        if ready:
            name = self.chance.choice(ready)
            type_ = scope.names[name]
            if type_ == "int" and scope.loops:
                self.write(depth, f"{name} = ({name} {self.chance.choice('+-')} {self.expr('int', scope, 1)}) % 997")
            elif type_ == "float" or not scope.loops:
                value = self.expr("int" if type_ == "num" else type_, scope, 1)
                self.write(depth, f"{name} {self.chance.choice('+-*')}= {value}")

    def write_field(self, depth: int, scope: Scope, size: int) -> None:
        del size
        if scope.fields:
            name = self.chance.choice(list(scope.fields))
            if scope.fields[name] in HELD:
                self.write_held(depth, scope)
            elif scope.fields[name] == "int" and self.one_in(2):
                self.write(depth, f"self.{name} += 1")
            elif scope.fields[name] != "str":
                self.write(depth, f"self.{name} = {self.expr(scope.fields[name], scope, 2)}")
            else:
                # A field that grows from its own value is refused.
                self.write(depth, f"self.{name} = {self.expr('str', Scope(row=scope.row, bare=scope.bare), 2)}")

    def write_unpack(self, depth: int, scope: Scope, size: int) -> None:
        del size
        pairs = [name for name, has in scope.names.items() if has.startswith("(")]
        if pairs:
            name = self.chance.choice(pairs)
            types = parts(scope.names[name])
            targets = [self.name() for _ in types]
            self.write(depth, f"{', '.join(targets)} = {name}")
            scope.names.update(zip(targets, types, strict=True))

    def write_unpack_split(self, depth: int, scope: Scope, size: int) -> None:
        del size
        targets = [self.name(), self.name()]
        text = self.expr("str", scope, 1)
        self.write(depth, f"{', '.join(targets)} = ({text}.split(';')[0] + ';x').split(';')")
        scope.names.update(dict.fromkeys(targets, "str"))

    def write_swap(self, depth: int, scope: Scope, size: int) -> None:
        del size
        for type_ in ("int", "float", "str"):
            ready = [name for name, has in scope.names.items() if has == type_ and name.startswith("v")]
            if len(ready) > 1 and not (type_ == "str" and scope.loops):
                a, b = self.chance.sample(ready, 2)
                self.write(depth, f"{a}, {b} = {b}, {a}")
                return

    def write_emit(self, depth: int, scope: Scope, size: int) -> None:
        del size
        if scope.emits is None:
            return
        if is_union(scope.emits[1]):
            for part in scope.emits[1].split("|"):
                value = "None" if part == "none" else self.expr(part, scope, 2)
                self.write(depth, f"yield {self.expr(scope.emits[0], scope, 2)}, {value}")
            return
        listed = scope.emits[1] in EMITTED
        key = self.expr(scope.emits[0], scope, 2)
        value = self.emitted_list(depth, scope, scope.emits[1]) if listed else self.expr(scope.emits[1], scope, 2)
        if self.one_in(5) and not listed:
            name = self.name("pair")
            self.write(depth, f"{name} = ({key}, {value})")
            self.write(depth, f"yield {name}")
        else:
            self.write(depth, f"yield {key}, {value}")

    def write_leave(self, depth: int, scope: Scope, size: int) -> None:
        del size
        if depth < 3 or scope.final or not self.one_in(2):
            return
        word = self.chance.choice(("break", "continue")) if scope.loops and not self.one_in(4) else "return"
        if word == "return" and scope.helper:
            return
        self.write(depth, f"if {self.expr('bool', scope, 1)}:")
        self.write(depth + 1, word)

    def write_drop(self, depth: int, scope: Scope, size: int) -> None:
        del size
        helpers = self.callable_in(scope)
        if helpers:
            self.write(depth, self.call_of(self.chance.choice(helpers), scope, 1))

    def write_branch(self, depth: int, scope: Scope, size: int) -> None:
        self.write(depth, f"if {self.condition(scope)}:")
        self.block(depth + 1, scope.inside(), size)
        if self.one_in(3):
            self.write(depth, f"elif {self.condition(scope)}:")
            self.block(depth + 1, scope.inside(), size)
        if self.one_in(2):
            self.write(depth, "else:")
            self.block(depth + 1, scope.inside(), size)

    def condition(self, scope: Scope) -> str:
        return self.expr(self.chance.choice(("bool", "bool", "bool", "int", "float", "str", "num")), scope, 2)

    def write_known(self, depth: int, scope: Scope, size: int) -> None:
        """Use an optional variable where it is known to be something."""
        ready = [name for name, has in scope.names.items() if has.endswith("?")]
        if ready:
            name = self.chance.choice(ready)
            inner = scope.inside()
            inner.names[name] = scope.names[name][:-1]
            self.write(depth, f"if {name} is not None:")
            inner.names[self.name()] = inner.names[name]
            copied = list(inner.names)[-1]
            self.write(depth + 1, f"{copied} = {name}")
            del inner.names[name]
            self.block(depth + 1, inner, size)

    def write_range(self, depth: int, scope: Scope, size: int) -> None:
        number = self.name("i")
        bounds = self.chance.choice((
            str(self.chance.randrange(4)), f"{self.chance.randrange(-2, 3)}, {self.chance.randrange(4)}",
            f"{self.expr('int', scope, 1)} % 4", f"{self.chance.randrange(5)}, -2, -{self.chance.randrange(1, 3)}",
            f"0, {self.expr('int', scope, 1)} % 5, {self.chance.randrange(1, 3)}",
        ))  # fmt: skip
        inner = scope.inside(loop=True)
        inner.names[number] = "int"
        self.write(depth, f"for {number} in range({bounds}):")
        self.block(depth + 1, inner, size)
        self.otherwise(depth, scope, size)

    def write_split(self, depth: int, scope: Scope, size: int) -> None:
        word = self.name("word")
        cut = ".split()" if self.one_in(2) else f".split({self.word()})"
        if self.one_in(3):
            cut = self.chance.choice(("[:6]", ".splitlines()", f".rsplit({self.word()}, 2)"))
        inner = scope.inside(loop=True)
        inner.names[word] = "str"
        self.write(depth, f"for {word} in {self.expr('str', scope, 1)}{cut}:")
        self.block(depth + 1, inner, size)
        self.otherwise(depth, scope, size)

    def otherwise(self, depth: int, scope: Scope, size: int) -> None:
        """Write the else of a loop, sometimes."""
        if self.one_in(5):
            self.write(depth, "else:")
            self.block(depth + 1, scope.inside(), size // 2)

    def write_while(self, depth: int, scope: Scope, size: int) -> None:
        number = self.name("n")
        self.write(depth, f"{number} = 0")
        inner = scope.inside(loop=True)
        inner.names[number] = "int"
        extra = f" and {self.expr('bool', scope, 1)}" if self.one_in(2) else ""
        self.write(depth, f"while {number} < {self.chance.randrange(1, 4)}{extra}:")
        self.write(depth + 1, f"{number} += 1")
        self.block(depth + 1, inner, size)
        self.otherwise(depth, scope, size)
