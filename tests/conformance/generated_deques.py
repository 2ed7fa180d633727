"""Random statements with deques, for the generator of jobs."""

from __future__ import annotations

from generated_counters import Counters
from generated_dicts import KEYS
from generated_expressions import Scope


class Deques(Counters):
    """Writes statements with deques."""

    def write_deque(self, depth: int, scope: Scope, size: int) -> None:
        """Write a deque, some changes of it, and what it is asked."""
        del size
        if depth > 3 or self.one_in(2):
            return  # jobs of many of them would be too large
        type_ = self.chance.choice([*KEYS, "float"])
        plain = Scope(
            {name: has for name, has in scope.names.items() if has in ("int", "float")}, row=scope.row, bare=scope.bare
        )
        made = self.name("deque")

        def item() -> str:
            return self.expr(type_, plain, 1)

        bound = self.chance.choice(("", "", "2", "3", "0", f"{self.expr('int', plain, 1)} % 4"))
        items = self.chance.choice(("", f"[{item()}]", f"[{item()}, {item()}, {item()}]"))
        forms = [", ".join(part for part in (items, f"maxlen={bound}" if bound else "") if part)]
        if items and bound:
            forms.append(f"{items}, {bound}")
        if type_ == "int":
            forms += ["range(5)", "(i % 3 for i in range(7))", "range(6), maxlen=4"]
        if type_ == "str":
            forms += ["'abc'", "'a b c'.split(), 2"]
        self.write(depth, f"{made} = deque({self.chance.choice(forms)})")
        # Of what nothing is ever put into, the items are None.
        self.write(depth, f"{made}.append({item()})")
        for lines in self.chance.choices(self.changes_of_deque(made, type_, plain), k=self.chance.randrange(1, 4)):
            for line in lines:
                self.write(depth, line)
        self.ask(depth, scope, self.asked_of_deque(made, type_, plain))

    def changes_of_deque(self, made: str, type_: str, plain: Scope) -> list[list[str]]:
        """Return statements that change a deque, each as its lines."""

        def item() -> str:
            return self.expr(type_, plain, 1)

        changes = [
            [f"{made}.append({item()})"],
            [f"{made}.append({item()})"],
            [f"{made}.appendleft({item()})"],
            [f"{made}.appendleft({item()})"],
            [f"{made}.rotate({self.expr('int', plain, 1)} % 5)"],
            [f"{made}.extend([{item()}, {item()}])"],
            [f"{made}.extend({made})"],
            [f"{made}.extendleft([{item()}, {item()}])"],
            [f"{made} += [{item()}]"],
            [f"if {made}:", f"    {made}.popleft()"],
            [f"if {made}:", f"    {made}.pop()"],
            [f"if {made}:", f"    {made}[-1] = {item()}"],
            [f"{made}.reverse()"],
            [f"{made} = deque({made})"],
            [f"for i_{made} in range(3):", f"    {made}.append({item()})", f"    {made}.appendleft({item()})"],
        ]
        if type_ != "float":
            # CPython finds a NaN that is the same object.
            loop = [f"for i_{made} in list({made}):", f"    {made}.remove(i_{made})", f"    {made}.append({item()})"]
            changes.append(loop)
        if self.one_in(30):
            changes = [[f"{made}.clear()"], [f"{made}.popleft()"], [f"del {made}[1]"]]
            changes += [] if type_ == "float" else [[f"{made}.remove({item()})"]]
        return changes

    def asked_of_deque(self, made: str, type_: str, plain: Scope) -> list[tuple[str, str]]:
        """Return expressions about a deque, each with its type."""

        def item() -> str:
            return self.expr(type_, plain, 1)

        asked = [
            ("int", f"len({made})"),
            ("int", f"len([each for each in {made} if each == {item()}])"),
            ("int", f"sum(i for i, each in enumerate({made}) if each != {item()})"),
        ]
        if type_ != "float":
            asked += [("bool", f"({item()} in {made})"), ("int", f"{made}.count({item()})")]
        if type_ in ("int", "str"):
            asked.append((f"{type_}?", f"({made}[0] if {made} else None)"))
        if type_ in ("int", "str", "float"):
            asked += [(type_, f"max([{item()}, *{made}])"), (type_, f"sorted([{item()}] + list({made}))[-1]")]
        return asked
