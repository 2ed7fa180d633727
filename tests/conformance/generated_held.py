"""Random lists in fields on self, and lists and dicts that are emitted, for the generator of jobs."""

from __future__ import annotations

from generated_expressions import Scope
from generated_lists import Lists

HELD = ("list int", "list str", "list (int,str)", "list list int")
EMITTED = (*HELD, "dict str int", "dict str list int", "(int,list str)", "(str,dict str num)", "list dict str str")
"""Types of values with lists or dicts in them."""


class Held(Lists):
    """Writes what is done with lists that live from call to call; fields with them have types of ``HELD``."""

    def fresh_list(self, type_: str, scope: Scope) -> str:
        """Return an expression for a new list of a type, or another of ``EMITTED``."""
        if type_.startswith("("):
            first, _, rest = type_[1:-1].partition(",")
            return f"({self.expr(first, scope, 1)}, {self.fresh_list(rest, scope)})"
        if type_.startswith("dict "):
            return self.fresh_dict(type_.removeprefix("dict str "), scope)
        item = type_.removeprefix("list ")
        if item.startswith(("list ", "dict ")):
            return f"[{self.fresh_list(item, scope)} for i in range({self.chance.randrange(1, 3)})]"
        return f"[{', '.join(self.item(item, scope) for _ in range(self.chance.randrange(1, 4)))}]"

    def fresh_dict(self, value_type: str, scope: Scope) -> str:
        """Return an expression for a new dict whose keys are texts."""

        def entry() -> str:
            listed = value_type.startswith("list ")
            value = self.fresh_list(value_type, scope) if listed else self.expr(value_type, scope, 1)
            return f"{self.expr('str', scope, 1)}: {value}"

        forms = [f"{{{', '.join(entry() for _ in range(self.chance.randrange(1, 4)))}}}"]
        if value_type == "int":
            forms.append(f"Counter({self.expr('str', scope, 1)})")
        return self.chance.choice(forms)

    def emitted_list(self, depth: int, scope: Scope, type_: str) -> str:
        """Write what makes a value with lists in it that is emitted; return the expression for it."""
        plain = Scope(row=scope.row, bare=scope.bare)
        held = [f"self.{name}" for name, has in scope.fields.items() if has == type_]
        if held and self.one_in(2):
            return self.chance.choice(held)
        if self.one_in(2) or type_ not in HELD:
            return self.fresh_list(type_, plain)
        name = self.name("emitted")
        self.write(depth, f"{name} = {self.fresh_list(type_, plain)}")
        self.write(depth, f"{name}.{self.chance.choice(('reverse()', 'clear()', f'extend({name})'))}")
        return name

    def write_came(self, depth: int, scope: Scope) -> None:
        """Write what is done with a list or dict that has come through a shuffle."""
        name = self.chance.choice([name for name, has in scope.names.items() if has in EMITTED])
        plain = Scope(row=scope.row, bare=scope.bare)
        forms = [f"len({name})"]
        if scope.names[name].startswith("list "):
            forms += [f"len({name}[1:])", f"int(bool({name}))"]
        match scope.names[name]:
            case "list int":
                forms += [f"sum({name})", f"max({name} + [1])", f"{name}.count(3)", f"sum([x // 2 for x in {name}])"]
                self.write(depth, f"{name}.append({self.item('int', plain)})")
            case "list str":
                forms += [f"len(min({name} + ['é']))", f"len(','.join({name}))", f"int('a' in {name})"]
                self.write(depth, f"{name}.append({self.item('str', plain)})")
            case "list (int,str)":
                forms += [f"sum([n * len(t) for n, t in {name}])", f"{name}.count({name}[0]) if {name} else 0"]
            case "list list int":
                forms += [f"sum([sum(each) for each in {name}])", f"len({name}[-1]) if {name} else -1"]
                self.write(depth, f"{name}.append([7])")
            case "list dict str str":
                forms += [f"len(''.join([''.join(each.values()) for each in {name}]))", f"len({name}[-1]['a'])"]
                self.write(depth, f"{name}.append({{'a': {self.item('str', plain)}}})")
            case "dict str int":
                forms += [f"sum({name}.values()) % 97", f"{name}.get('a', 3)", f"len(sorted({name})[-1])"]
                self.write(depth, f"{name}['a'] = {self.item('int', plain)}")
            case "dict str list int":
                forms += [f"sum([len(each) for each in {name}.values()])", f"sum({name}['b'])"]
                self.write(depth, f"{name}.setdefault('b', []).append({self.item('int', plain)})")
            case "(int,list str)":
                forms = [f"{name}[0] // 2 + len({name}[1])", f"len(','.join({name}[1]))"]
                self.write(depth, f"{name}[1].append({self.item('str', plain)})")
            case _:
                forms = [f"len({name}[1])", f"len({name}[0] + ''.join(sorted({name}[1])))", f"int('a' in {name}[1])"]
                self.write(depth, f"{name}[1]['a'] = {self.item('int', plain)}")
        count = self.name()
        self.write(depth, f"{count} = {self.chance.choice(forms)}")
        scope.names[count] = "int"

    def write_held(self, depth: int, scope: Scope) -> None:
        """Write a statement that changes a list that a field holds, or asks it something."""
        name = self.chance.choice([name for name, type_ in scope.fields.items() if type_ in HELD])
        type_ = scope.fields[name]
        # What is kept in lists is made of rows and numbers: a text that grows from call to call is refused.
        plain = Scope(
            {name: has for name, has in scope.names.items() if has in ("int", "float")}, row=scope.row, bare=scope.bare
        )
        owner = f"self.{name}"
        if type_ == "list list int":
            self.write(depth, f"if len({owner}) > 3:")
            self.write(depth + 1, f"{owner} = {owner}[-2:]")
            inner = self.name("inner")
            forms = [
                [f"{owner}.append({self.fresh_list('list int', plain)})"],
                [f"{owner}.append({owner}[0])"],
                [f"{inner} = {owner}[-1]", f"{inner}.append({self.item('int', plain)})"],
                [f"for {inner} in {owner}:", f"    if len({inner}) > 4:", f"        {inner}.clear()"],
                [f"{owner}[0] = {self.fresh_list('list int', plain)} + {owner}[-1][:3]"],
            ]
            for line in self.chance.choice(forms):
                self.write(depth, line)
            scope.names[count := self.name()] = "int"
            self.write(depth, f"{count} = sum([len(each) for each in {owner}]) + sum({owner}[-1])")
            return
        item = type_.removeprefix("list ")
        self.write(depth, f"if len({owner}) > {self.chance.randrange(3, 9)} or not {owner}:")
        self.write(depth + 1, f"{owner} = {self.fresh_list(type_, plain)}")
        owner = self.name("held")
        self.write(depth, f"{owner} = self.{name}")
        self.changed(depth, plain, owner, item)
        if self.one_in(2):
            self.write(depth, f"self.{name} = {owner}")
        self.asked(depth, plain, scope, owner, item)
