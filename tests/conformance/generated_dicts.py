"""Random statements that make, change and ask dicts, for the generator of jobs."""

from __future__ import annotations

from generated_expressions import Scope
from generated_held import Held

KEYS = ("int", "str", "bool", "(int,str)")
VALUES = ("int", "str", "float", "(int,str)", "list", "dict")


class Dicts(Held):
    """Writes statements with dicts; what they find out is in variables of simple types afterwards."""

    def write_dict(self, depth: int, scope: Scope, size: int) -> None:
        """Write a dict, some changes of it, and what it is asked."""
        del size
        key_type, value_type = self.chance.choice(KEYS), self.chance.choice(VALUES)
        # What is put into dicts is made of rows and numbers: a text that grows from round to round is refused.
        plain = Scope(
            {name: has for name, has in scope.names.items() if has in ("int", "float")}, row=scope.row, bare=scope.bare
        )
        entries = self.name("dict")
        self.write(depth, f"{entries} = {self.new_dict(key_type, value_type, plain)}")
        for _ in range(self.chance.randrange(2, 6)):
            self.changed_dict(depth, plain, entries, key_type, value_type)
        for _ in range(self.chance.randrange(2, 5)):
            self.asked_dict(depth, plain, scope, entries, (key_type, value_type))

    def value(self, value_type: str, scope: Scope) -> str:
        """Return an expression for a value of a dict."""
        if value_type == "list":
            return f"[{self.expr('int', scope, 1)}]"
        if value_type == "dict":
            return f"{{{self.expr('int', scope, 1)}: {self.expr('int', scope, 1)}}}"
        return self.expr(value_type, scope, 1)

    def new_dict(self, key_type: str, value_type: str, scope: Scope) -> str:
        """Return an expression for a new dict."""
        written = [
            f"{self.expr(key_type, scope, 1)}: {self.value(value_type, scope)}" for _ in range(self.chance.randrange(3))
        ]
        forms = [f"{{{', '.join(written)}}}", "dict()", "{}"]
        if key_type == "int":
            forms.append(f"{{i % 3: {self.value(value_type, scope)} for i in range(5) if i != 1}}")
        if key_type == "str":
            forms.append(f"{{c: {self.value(value_type, scope)} for c in 'b a b'}}")
        return self.chance.choice(forms)

    def changed_dict(self, depth: int, scope: Scope, entries: str, key_type: str, value_type: str) -> None:
        """Write a statement that changes a dict."""
        key, value = self.expr(key_type, scope, 1), self.value(value_type, scope)
        forms = [
            [f"{entries}[{key}] = {value}"],
            [f"{entries}.setdefault({key}, {value})"],
            [f"{entries}.update({{{key}: {value}}})"],
            [f"{entries} = {entries}.copy()", f"{entries}[{key}] = {value}"],
            [f"{entries} = dict({entries})"],
            [f"if {key} in {entries}:", f"    del {entries}[{key}]"],
            [
                f"for of_{entries} in list({entries}):",
                f"    if len({entries}) > 2:",
                f"        {entries}.pop(of_{entries})",
            ],
            [f"for of_{entries} in {entries}:", f"    {entries}[of_{entries}] = {value}"],
        ]
        if value_type in ("int", "float", "str", "(int,str)"):
            forms.append([f"{entries}.pop({key}, {value})"])
        if value_type in ("int", "float"):
            forms.append([f"{entries}[{key}] = {entries}.get({key}, {value}) + {value}"])
            forms.append([f"if {key} in {entries}:", f"    {entries}[{key}] += {value}"])
        if value_type == "list":
            forms.append([f"{entries}.setdefault({key}, []).append({self.expr('int', scope, 1)})"])
            forms.append([f"if {key} in {entries}:", f"    {entries}[{key}] += {value}"])
        if value_type == "dict":
            forms.append([f"{entries}.setdefault({key}, {{}})[{self.expr('int', scope, 1)}] = 1"])
        if self.one_in(30):
            forms = [[f"{entries}.clear()", f"{entries}[{key}] = {value}"]]
        if self.one_in(60):
            forms = [[f"for of_{entries} in {entries}:", f"    {entries}[{key}] = {value}"], [f"{entries}.pop({key})"]]
        for line in self.chance.choice(forms):
            self.write(depth, line)

    def asked_dict(self, depth: int, plain: Scope, scope: Scope, entries: str, types: tuple[str, str]) -> None:
        """Write a statement that asks a dict something; it is never empty, so its types are known."""
        key_type, value_type = types
        key = self.expr(key_type, plain, 1)
        self.write(depth, f"{entries}[{key}] = {self.value(value_type, plain)}")
        forms = [
            ("int", f"len({entries})"),
            ("bool", f"bool({entries})"),
            ("bool", f"({self.expr(key_type, plain, 1)} in {entries})"),
            ("bool", f"({key} not in {entries})"),
            ("int", f"len(list({entries}.items()))"),
            ("int", f"sum([1 for each in {entries}.values()])"),
        ]
        if value_type in ("int", "float", "str", "(int,str)"):
            forms += [(value_type, f"{entries}[{key}]")] * 3
            forms += [(value_type, f"{entries}.get({self.expr(key_type, plain, 1)}, {self.value(value_type, plain)})")]
        if value_type in ("int", "str"):
            forms.append((f"{value_type}?", f"{entries}.get({self.expr(key_type, plain, 1)})"))
        if value_type == "int":
            forms += [("int", f"max({entries}.values())"), ("int", f"sum({entries}.values()) % 1009")]
        if value_type == "list":
            forms.append(("int", f"sum([len(each) for each in {entries}.values()])"))
        if value_type == "dict":
            forms.append(("int", f"sum([len(each) for key, each in {entries}.items()])"))
        if key_type in ("int", "str"):
            forms += [
                (key_type, f"sorted({entries})[0]"),
                (key_type, f"max({entries})"),
                (key_type, f"list({entries})[-1]"),
            ]
        found, text = self.chance.choice(forms)
        name = self.name()
        self.write(depth, f"{name} = {text}")
        scope.names[name] = found
