"""Random statements that make, change and combine sets, for the generator of jobs."""

from __future__ import annotations

from generated_dicts import KEYS, Dicts
from generated_expressions import Scope


class Sets(Dicts):
    """Writes statements with sets; what they find out does not depend on their order."""

    def write_set(self, depth: int, scope: Scope, size: int) -> None:
        """Write two sets of one type, some changes of them, and what they are asked."""
        del size
        if depth > 3 or self.one_in(2):
            return  # what combines sets is several loops each: jobs of them alone would be too large
        type_ = self.chance.choice(KEYS)
        plain = Scope(
            {name: has for name, has in scope.names.items() if has in ("int", "float")}, row=scope.row, bare=scope.bare
        )
        one, other = self.name("set"), self.name("set")
        for name in (one, other):
            self.write(depth, f"{name} = {self.new_set(type_, plain)}")
            self.write(depth, f"{name}.add({self.expr(type_, plain, 1)})")
        for _ in range(self.chance.randrange(1, 3)):
            self.changed_set(depth, plain, one, other, type_)
        self.write(depth, f"{one}.add({self.expr(type_, plain, 1)})")
        for _ in range(self.chance.randrange(1, 3)):
            self.asked_set(depth, plain, scope, (one, other), type_)

    def new_set(self, type_: str, scope: Scope) -> str:
        """Return an expression for a new set."""
        written = ", ".join(self.expr(type_, scope, 1) for _ in range(self.chance.randrange(1, 4)))
        forms = [f"{{{written}}}", "set()", f"set([{written}])", f"{{each for each in [{written}]}}"]
        if type_ == "int":
            forms += ["set(range(5))", "set(i % 3 for i in range(7))", "{i // 2 for i in range(5) if i != 1}"]
        if type_ == "str":
            forms += ["set('b a b')", "set('a b c'.split())"]
        return self.chance.choice(forms)

    def changed_set(self, depth: int, scope: Scope, one: str, other: str, type_: str) -> None:
        """Write a statement that changes a set."""
        item = self.expr(type_, scope, 1)
        forms = [
            [f"{one}.discard({item})"],
            [f"{one}.update({other})"],
            [f"{one} = {one} {self.chance.choice('|&-^')} {other}"],
            [f"{one} = {one}.{self.chance.choice(('union', 'difference', 'symmetric_difference'))}({other})"],
            [f"if {item} in {one}:", f"    {one}.remove({item})"],
            [f"{other} = {one}.copy()", f"{other}.add({item})"],
            [f"for of_{one} in list({one}):", f"    {one}.discard(of_{one})", f"    {one}.add({item})"],
        ]
        if self.one_in(30):
            forms = [[f"{one}.clear()", f"{one}.add({item})"]]
        if self.one_in(60):
            forms = [[f"{one}.remove({item})"], [f"for of_{one} in {one}:", f"    {one}.add({item})"]]
        for line in self.chance.choice(forms):
            self.write(depth, line)

    def asked_set(self, depth: int, plain: Scope, scope: Scope, sets: tuple[str, str], type_: str) -> None:
        """Write a statement that asks sets something."""
        one, other = sets
        forms = [
            ("int", f"len({one} {self.chance.choice('|&-^')} {other})"),
            ("int", f"len({one}.intersection({other}))"),
            ("bool", f"bool({one})"),
            ("bool", f"({self.expr(type_, plain, 1)} in {one})"),
            ("bool", f"{one}.{self.chance.choice(('isdisjoint', 'issubset', 'issuperset'))}({other})"),
            ("int", f"sum([1 for each in {one} if each not in {other}])"),
        ]
        if type_ in ("int", "str"):
            forms += [(type_, f"sorted({one})[0]"), (type_, f"max({one})"), (type_, f"min({one}.union({other}))")]
        found, text = self.chance.choice(forms)
        name = self.name()
        self.write(depth, f"{name} = {text}")
        scope.names[name] = found
