"""Random statements that make, change and ask lists, for the generator of jobs."""

from __future__ import annotations

from generated_expressions import Expressions, Scope

ITEMS = ("int", "int", "str", "float", "num", "(int,str)")
COMPARED = ("int", "str", "(int,str)")
"""Item types of which CPython's ``==`` asks nothing else than the machine's: a NaN is the same object there."""


class Lists(Expressions):
    """Writes statements with lists; what they find out is in variables of simple types afterwards."""

    def write_list(self, depth: int, scope: Scope, size: int) -> None:
        del size
        type_ = self.chance.choice(ITEMS)
        items = self.name("list")
        # What is put into lists is made of rows and numbers: a text that grows from round to round is refused.
        plain = Scope(
            {name: has for name, has in scope.names.items() if has in ("int", "float")}, row=scope.row, bare=scope.bare
        )
        self.made(depth, plain, items, type_)
        for _ in range(self.chance.randrange(1, 6)):
            self.changed(depth, plain, items, type_)
        for _ in range(self.chance.randrange(1, 4)):
            self.asked(depth, plain, scope, items, type_)

    def item(self, type_: str, scope: Scope) -> str:
        return self.expr(type_, scope, 1)

    def made(self, depth: int, scope: Scope, items: str, type_: str) -> None:
        written = ", ".join(self.item(type_, scope) for _ in range(self.chance.randrange(4)))
        forms = [f"[{written}]"] * 2
        forms.append(f"[{self.item(type_, scope)} for i in range({self.chance.randrange(4)})]")
        if type_ == "str":
            forms += [f"{self.item('str', scope)}.split()", "[c for c in ('b a ' + 'é').split(' ') if c != 'a']"]
        if type_ == "int":
            forms += ["list(range(3))", "[i * j for i in range(3) for j in range(i) if j != 1]", "[]"]
        if type_ == "(int,str)":
            forms += ["list(enumerate('b a b'.split()))", "list(zip([3, 1], 'x y z'.split()))"]
        self.write(depth, f"{items} = {self.chance.choice(forms)}")
        # Gives the item type to a list that is written without one.
        self.write(depth, f"{items}.append({self.item(type_, scope)})")

    def changed(self, depth: int, scope: Scope, items: str, type_: str) -> None:
        item, place = self.item(type_, scope), self.chance.choice((0, 1, -1, 2, -2))
        forms = [
            [f"{items}.append({item})"], [f"{items}.insert({place}, {item})"], [f"{items}.reverse()"],
            [f"{items}.extend([{item}])"], [f"{items} += [{item}, {self.item(type_, scope)}]"],
            [f"{items} = {items} + [{item}]"], [f"{items} = {items}[::-1]"], [f"{items} = {items} * 2"],
            [f"{items} = {items}[{place}:] + {items}[:{place}:{self.chance.choice((1, 2, -1))}]"],
            [f"if len({items}) > 2:", f"    {items}[{place}] = {item}"],
            [f"if len({items}) > 3:", f"    {items}.pop({self.chance.choice(('', '0', '-2'))})"],
            [f"if len({items}) > 3:", f"    del {items}[1]"],
            [f"head_{items}, *{items} = {items} + [{item}]", f"{items}.append(head_{items})"],
            [f"*{items}, _, tail_{items} = {items} * 3", f"{items}.append(tail_{items})"],
            [f"same_{items} = {items}", f"same_{items}.append({item})"],
            [f"for of_{items} in {items}:", f"    if len({items}) < 7:", f"        {items}.append(of_{items})"],
        ]  # fmt: skip
        if type_ in COMPARED:
            forms.append([f"if {item} in {items}:", f"    {items}.remove({items}[{place} % len({items})])"])
            forms.append([f"{items}.sort(reverse={self.chance.choice(('True', 'False'))})"])
        forms.append([f"{items} = sorted({items}, reverse={self.chance.choice(('True', 'False'))})"])
        if type_ in COMPARED:
            keys = (
                ("lambda each: each", "lambda each: 1", "str") if type_ == "int" else ("len", "lambda each: each[:1]")
            )
            key = self.chance.choice(
                keys if type_ != "(int,str)" else ("lambda each: each[1]", "lambda each: -each[0]")
            )
            forms.append([f"{items} = sorted({items}, key={key}, reverse={self.chance.choice(('True', 'False'))})"])
            forms.append([f"{items}.sort(key={key}, reverse={self.chance.choice(('True', 'False'))})"])
        forms.append([f"{items} = [*{items}, {item}, *{items}[1:3]]"])
        if type_ in ("int", "float"):
            forms.append([f"if {items}:", f"    {items}[0] += {self.item(type_, scope)} % 5"])
        if self.one_in(40):
            forms = [[f"{items}[{place}] = {item}"], [f"{items}.pop(3)"], [f"{items}.clear()"], [f"del {items}[0]"]]
        for line in self.chance.choice(forms):
            self.write(depth, line)

    def asked(self, depth: int, plain: Scope, scope: Scope, items: str, type_: str) -> None:
        item = self.item(type_, plain)
        forms = [("int", f"len({items})"), ("bool", f"bool({items})"), ("int", f"len([1 for each in {items}])")]
        if type_ in COMPARED:
            forms += [
                ("bool", f"({item} in {items})"),
                ("bool", f"({item} not in {items})"),
                ("int", f"{items}.count({item})"),
                ("bool", f"({items} == {items}[::-1])"),
                ("bool", f"({items} != [{item}])"),
                ("bool", f"any(each == {item} for each in {items})"),
                ("bool", f"all(each <= {item} for each in {items})"),
            ]
            if self.one_in(20):
                forms = [("int", f"{items}.index({item})")]
        if type_ in ("int", "num"):
            forms += [(type_, f"sum({items})"), (type_, f"sum(each % 7 for each in {items})")]
        if type_ in ("int", "float", "num", "str"):
            forms += [(type_, f"max({items} + [{item}])"), (type_, f"min([{item}] + {items})")]
            forms += [(type_, f"([{item}] + {items})[-1]")]
        if type_ == "float":
            forms.append(("num", f"sum({items})"))
        if type_ == "str":
            forms.append(("str", f"'-'.join({items})"))
        found, text = self.chance.choice(forms)
        name = self.name()
        self.write(depth, f"{name} = {text}")
        scope.names[name] = found
        if self.one_in(3):
            self.gone_over(depth, scope, items)

    def gone_over(self, depth: int, scope: Scope, items: str) -> None:
        count = self.name()
        self.write(depth, f"{count} = 0")
        heads = (
            f"for each in {items}:", f"for i, each in enumerate({items}, 2):", f"for each in reversed({items}):",
            f"for each, other in zip({items}, {items}[1:]):", f"for i in [len({items}), 2]:",
        )  # fmt: skip
        self.write(depth, self.chance.choice(heads))
        self.write(depth + 1, f"{count} += len({items})")
        if self.one_in(3):
            self.write(depth + 1, f"if {count} > 9:")
            self.write(depth + 2, self.chance.choice(("break", "continue")))
        scope.names[count] = "int"
