"""Random statements with Counters and defaultdicts, for the generator of jobs."""

from __future__ import annotations

from generated_dicts import KEYS
from generated_expressions import Scope
from generated_sets import Sets

DEFAULTS = {
    "int": ("int", "lambda: 3"),
    "float": ("float", "lambda: -0.5"),
    "str": ("str", "lambda: 'd'"),
    "list": ("list", "lambda: [1, 2]"),
    "Counter": ("Counter", "lambda: defaultdict(int)"),
}
"""What makes the values of a defaultdict, by the type of the values."""


class Counters(Sets):
    """Writes statements with dicts that have a value for every key."""

    def write_counter(self, depth: int, scope: Scope, size: int) -> None:
        """Write a Counter or defaultdict, some changes of it, and what it is asked."""
        del size
        if depth > 3 or self.one_in(2):
            return  # counting and sorting are several loops: jobs of them alone would be too large
        key_type = self.chance.choice(KEYS)
        plain = Scope(
            {name: has for name, has in scope.names.items() if has in ("int", "float")}, row=scope.row, bare=scope.bare
        )
        if self.one_in(2):
            self.of_counter(depth, plain, scope, key_type)
        else:
            self.of_default_dict(depth, plain, scope, key_type)

    def of_counter(self, depth: int, plain: Scope, scope: Scope, key_type: str) -> None:
        """Write a Counter."""
        counter = self.name("counter")

        def key() -> str:
            return self.expr(key_type, plain, 1)

        made = ["Counter()", f"Counter([{key()}, {key()}])"]
        if key_type == "int":
            made += ["Counter(range(4))", "Counter(i % 3 for i in range(7))"]
        if key_type == "str":
            made += ["Counter('banana')", "Counter('a b a'.split())"]
        self.write(depth, f"{counter} = {self.chance.choice(made)}")
        self.write(depth, f"{counter}[{key()}] += {self.expr('int', plain, 1)} % 7")
        changes = [
            f"{counter}.update([{key()}, {key()}])",
            f"{counter}.update({{{key()}: 2, {key()}: -1}})",
            f"{counter}.update({counter})",
            f"{counter} = {counter}.copy()",
            f"{counter}[{key()}] = {counter}[{key()}] + 1",
            f"del {counter}[{key()}]",
        ]
        for line in self.chance.sample(changes, self.chance.randrange(1, 3)):
            self.write(depth, line)
        self.write(depth, f"{counter}[{key()}] += 1")
        asked = [
            ("int", f"{counter}[{key()}]"),
            ("int", f"{counter}.total()"),
            ("int", f"{counter}.most_common()[0][1]"),
            ("int", f"len({counter}.most_common({self.expr('int', plain, 1)} % 3))"),
            ("int", f"len(dict({counter}))"),
            ("bool", f"({key()} in {counter})"),
            (key_type, f"{counter}.most_common(2)[-1][0]"),
            (key_type, f"max({counter}, key={counter}.get)"),
        ]
        self.ask(depth, scope, asked)

    def of_default_dict(self, depth: int, plain: Scope, scope: Scope, key_type: str) -> None:
        """Write a defaultdict."""
        value_type = self.chance.choice(list(DEFAULTS))
        entries = self.name("default")

        def key() -> str:
            return self.expr(key_type, plain, 1)

        self.write(depth, f"{entries} = defaultdict({self.chance.choice(DEFAULTS[value_type])})")
        changes: list[str] = []
        asked = [("int", f"len({entries})"), ("bool", f"({key()} in {entries})")]
        match value_type:
            case "int" | "float" | "str":
                changes += [
                    f"{entries}[{key()}] {'=' if value_type == 'str' else '+='} {self.expr(value_type, plain, 1)}",
                    f"{entries}[{key()}] = {entries}[{key()}]",
                    f"{entries} = {entries}.copy()",
                ]
                asked += [(value_type, f"{entries}[{key()}]")] * 2
                asked.append((f"{value_type}?", f"{entries}.get({key()})"))
            case "list":
                changes += [f"{entries}[{key()}].append({self.expr('int', plain, 1)})", f"{entries}[{key()}] += [5]"]
                asked.append(("int", f"len({entries}[{key()}])"))
            case _:
                changes += [f"{entries}[{key()}][{self.expr('int', plain, 1)}] += 1"]
                asked.append(("int", f"{entries}[{key()}][{self.expr('int', plain, 1)}]"))
        for line in self.chance.choices(changes, k=self.chance.randrange(1, 4)):
            self.write(depth, line)
        self.write(depth, changes[0])
        self.ask(depth, scope, asked)

    def ask(self, depth: int, scope: Scope, forms: list[tuple[str, str]]) -> None:
        """Write a variable that gets one of several expressions, each with its type."""
        found, text = self.chance.choice(forms)
        name = self.name()
        self.write(depth, f"{name} = {text}")
        scope.names[name] = found
