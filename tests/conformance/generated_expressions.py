"""Random expressions of every type of the language, for the generator of jobs."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import generated_numbers
from generated_chosen import chosen_floats, chosen_ints, chosen_texts
from generated_texts import text_bools, text_ints, text_texts

COLUMNS = {
    "number": "int", "other": "int", "big": "int", "kwh": "float", "price": "float", "flag": "bool", "name": "str",
    "words": "str", "day": "date", "at": "datetime", "maybe_number": "int?", "maybe_kwh": "float?",
    "maybe_name": "str?", "maybe_flag": "bool?", "maybe_at": "datetime?",
}  # fmt: skip
WORDS = ("", "a", "b ", "é", "AB", "z,", "Σ", "-")
PARAMS = {"p_int": ("int", (0, 1, 3, -2)), "p_float": ("float", (0.5, -1.25, 3.0)), "p_text": ("str", ("a", "", "Σx")),
          "p_flag": ("bool", (True, False))}  # fmt: skip
CONSTANTS = {
    "C_INT": ("int", "4"),
    "C_FLOAT": ("float", "0.25"),
    "C_TEXT": ("str", '"bc"'),
    "C_PAIR": ("(int,str)", '(2, "p")'),
}
ORDERED = ("int", "float", "str", "num")


def parts(type_: str) -> list[str]:
    """Return the items of a tuple type's text."""
    found, depth, start = [], 0, 1
    for position, character in enumerate(type_[1:-1], 1):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            found.append(type_[start:position])
            start = position + 1
    return [*found, type_[start:-1]]


@dataclass
class Scope:
    """What can be used where an expression stands: names and the types of their values."""

    names: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    row: str = ""
    helper: bool = False
    loops: int = 0
    emits: tuple[str, str] | None = None
    bare: bool = False
    tried: bool = False
    final: bool = False

    def inside(self, *, loop: bool = False) -> Scope:
        """Return the scope of a block: what is assigned first in it is not known after it."""
        return replace(self, names=dict(self.names), loops=self.loops + loop)


@dataclass
class Callable:
    """How a helper is called: as a method, a static method or a function of the module; its parameters but the row."""

    kind: str
    parameters: list[str]
    default: bool


class Expressions:
    """Writes expressions; ``lines`` is the class body so far, ``helpers`` what can be called in it."""

    def __init__(self, chance: random.Random, size: int) -> None:
        self.chance = chance
        self.size = size
        self.lines: list[str] = []
        self.fresh = 0
        self.helpers: list[tuple[str, list[str], str, bool]] = []
        self.callables: dict[str, Callable] = {}
        self.functions: list[str] = []
        self.raw = False
        self.used_params: set[str] = set()

    def one_in(self, n: int) -> bool:
        return self.chance.randrange(n) == 0

    def name(self, prefix: str = "v") -> str:
        self.fresh += 1
        return f"{prefix}{self.fresh}"

    def word(self) -> str:
        """Return a constant text that is not empty."""
        return repr(self.chance.choice(WORDS[1:]))

    def write(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    # Expressions.

    def atoms(self, type_: str, scope: Scope) -> list[str]:
        """Return everything at hand that has exactly this type."""
        found = [name for name, has in scope.names.items() if has == type_]
        found += [f"self.{name}" for name, has in scope.fields.items() if has == type_]
        found += [f"{'Job' if scope.bare else 'self'}.{name}" for name, (has, _) in CONSTANTS.items() if has == type_]
        for name, (has, _) in PARAMS.items():
            if has == type_ and not self.raw and not scope.bare:
                found.append(f"self.{name}")
        for name, has in scope.names.items():
            found += [f"{name}[{i}]" for i, item in enumerate(parts(has)) if has.startswith("(") and item == type_]
        if scope.row:
            for column, has in COLUMNS.items():
                if has == type_:
                    found += [f"{scope.row}.{column}"] * 2
                elif has == f"{type_}?":
                    value = f"{scope.row}.{column}"
                    default = f"{scope.row}.at" if type_ == "datetime" else self.literal(type_)
                    found.append(f"({value} if {value} is not None else {default})")
        return found

    def literal(self, type_: str) -> str:
        match type_:
            case "int":
                return str(self.chance.choice((0, 1, 2, 3, 7, -1, -5, 10)))
            case "float":
                return repr(self.chance.choice((0.0, 0.5, 1.0, -2.5, 0.1, 100.0, 1e-3)))
            case "num":
                return f"({self.literal('int')} if {self.literal('int')} > 1 else {self.literal('float')})"
            case "bool":
                return self.chance.choice(("True", "False"))
            case "str":
                return repr(self.chance.choice(WORDS))
        raise AssertionError(f"there is no literal of type {type_}")

    def expr(self, type_: str, scope: Scope, depth: int = 2) -> str:
        """Return an expression of exactly this type."""
        if type_.endswith("?"):
            return self.optional(type_[:-1], scope, depth)
        if type_.startswith("("):
            return self.tuple(type_, scope, depth)
        if type_ == "none":
            return "None"
        atoms = self.atoms(type_, scope)
        if type_ in ("date", "datetime"):
            return self.chance.choice(atoms) if atoms else self.make_date(scope, depth)
        if atoms and (depth <= 0 or self.one_in(3)):
            return self.chance.choice(atoms)
        if depth <= 0 or self.one_in(6):
            return self.literal(type_)
        helpers = [helper for helper in self.callable_in(scope) if helper[2] == type_]
        if helpers and self.one_in(4):
            return self.call_of(self.chance.choice(helpers), scope, depth - 1)
        if self.one_in(8):
            condition = self.expr("bool", scope, depth - 1)
            return f"({self.expr(type_, scope, depth - 1)} if {condition} else {self.expr(type_, scope, depth - 1)})"
        return str(getattr(self, f"make_{type_}")(scope, depth - 1))

    def callable_in(self, scope: Scope) -> list[tuple[str, list[str], str, bool]]:
        """Return the helpers that can be called where an expression stands."""
        return [
            helper
            for helper in self.helpers
            if (scope.row or not helper[3]) and not (scope.bare and self.callables[helper[0]].kind == "method")
        ]

    def call_of(self, helper: tuple[str, list[str], str, bool], scope: Scope, depth: int) -> str:
        """Return a call of a helper, with its arguments by position or by name, in any order."""
        name, takes, _, row = helper
        how = self.callables[name]
        given = [self.expr(argument, scope, depth) for argument in takes]
        if how.default and self.one_in(2):
            given.pop()
        by_position = self.chance.randrange(len(given) + 1)
        named = [f"{how.parameters[i]}={given[i]}" for i in range(by_position, len(given))]
        self.chance.shuffle(named)
        owners = {"method": "self.", "module": "", "static": "Job." if scope.bare or self.one_in(2) else "self."}
        return f"{owners[how.kind]}{name}({', '.join([scope.row] * row + given[:by_position] + named)})"

    def optional(self, type_: str, scope: Scope, depth: int) -> str:
        ready = [name for name, has in scope.names.items() if has == f"{type_}?"]
        if scope.row:
            ready += [f"{scope.row}.{column}" for column, has in COLUMNS.items() if has == f"{type_}?"]
        if ready and self.one_in(2):
            return self.chance.choice(ready)
        return f"({self.expr(type_, scope, depth - 1)} if {self.expr('bool', scope, depth - 1)} else None)"

    def tuple(self, type_: str, scope: Scope, depth: int) -> str:
        ready = [name for name, has in scope.names.items() if has == type_ and not name.startswith("in_")]
        if ready and self.one_in(3):
            return self.chance.choice(ready)
        return f"({', '.join(self.expr(item, scope, depth - 1) for item in parts(type_))})"

    def make_int(self, scope: Scope, depth: int) -> str:
        if self.one_in(6):
            return self.chance.choice(text_ints(self, scope, depth))
        if self.one_in(14):
            return self.chance.choice(chosen_ints(self, scope, depth))
        a, b = (self.expr("int", scope, depth) for _ in range(2))
        text, real = self.expr("str", scope, depth), self.expr("float", scope, depth)
        forms = [
            f"({a} + {b})", f"({a} - {b})", f"({a} * {b} % 1000)", f"({a} // {self.chance.choice((2, 3, -4, 7))})",
            f"({a} % {self.chance.choice((2, 3, -5, 10))})", f"abs({a})", f"-{a}" if a[0] not in "-+" else f"+({a})",
            f"min({a}, {b})", f"max({a}, {b}, {self.literal('int')})", f"len({text})", f"len({text}.split())",
            f"int({real} * 0.25)", f"round({real} / 8.0)", f"int({self.expr('bool', scope, depth)})",
            f"round({a}, 1)", f"({a} % 11) ** {self.chance.choice((2, 3))}", f"len({text}.split({self.word()}))",
        ]  # fmt: skip
        when = self.atoms("datetime", scope)
        if when:
            part = self.chance.choice(("year", "month", "day", "hour", "minute", "second", "microsecond", "weekday()"))
            forms += [f"{self.chance.choice(when)}.{part}"] * 3
        days = self.atoms("date", scope) + [f"{name}.date()" for name in when]
        if days:
            forms.append(f"{self.chance.choice(days)}.{self.chance.choice(('year', 'month', 'day', 'isoweekday()'))}")
        for ready in (when, self.atoms("date", scope)):
            if ready:
                one, other = self.chance.choice(ready), self.chance.choice(ready)
                forms += generated_numbers.date_forms(self.chance, one, other, a)
        forms += generated_numbers.int_forms(self.chance, a, b, real)
        if self.one_in(60):
            forms = [
                f"({a} // {b})",
                f"({a} << {b})",
                f"({a} >> {b})",
                f"round({a}, -2)",
                f"divmod({a}, {b})[0]",
                f"math.floor({real})",
                f"math.lcm({a}, {b})",
                f"math.perm({a}, {b})",
                f"int({a} ** {b})",
                f"({a} % {b})",
                f"int({text})",
                f"({a} * {b})",
                f"round({real})",
                f"int({real})",
            ]
        return self.chance.choice(forms)

    def make_float(self, scope: Scope, depth: int) -> str:
        if self.one_in(14):
            return self.chance.choice(chosen_floats(self, scope, depth))
        a, b, whole = self.expr("float", scope, depth), self.expr("float", scope, depth), self.expr("int", scope, depth)
        forms = [
            f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"({a} / {self.chance.choice(('2.0', '-3.0', '7'))})",
            f"({a} // 0.5)", f"({a} % {self.chance.choice(('0.3', '-2.0', '5'))})", f"-({a})", f"abs({a})",
            f"round({a}, {self.chance.choice((0, 1, 2, 5))})", f"float({whole})", f"min({a}, {b})", f"max({a}, {b})",
            f"({whole} + {a})", f"({a} * {whole})", f"({whole} / 4)", f"float({self.expr('bool', scope, depth)})",
        ]  # fmt: skip
        forms += generated_numbers.float_forms(self.chance, a, whole)
        if self.one_in(60):
            forms = [
                f"math.pow({a}, {b})",
                f"({a} ** {b})",
                f"math.{self.chance.choice(('acosh', 'atanh', 'exp', 'gamma', 'log', 'sqrt'))}({a})",
                f"math.fmod({a}, {b})",
                f"({a} / {b})",
                f"({whole} / {whole})",
                f"float({self.expr('str', scope, depth)})",
                f"({a} // {b})",
            ]
        return self.chance.choice(forms)

    def make_num(self, scope: Scope, depth: int) -> str:
        a, b = (self.expr(self.chance.choice(("num", "num", "int", "float")), scope, depth) for _ in range(2))
        whole, real, which = (self.expr(type_, scope, depth) for type_ in ("int", "float", "bool"))
        mixed = f"({whole} if {which} else {real})"
        forms = [mixed, f"({mixed} + {a})", f"({mixed} * {b})", f"min({mixed}, {a}, {b})", f"abs({mixed})", f"-{mixed}",
                 f"round({mixed}, 2)", f"({mixed} % 9) ** 2",
                 f"(abs({whole}) % 5 + 1) ** ({whole} % 4)", f"({mixed} % 7)", f"({mixed} - {a})"]  # fmt: skip
        return self.chance.choice(forms)

    def make_bool(self, scope: Scope, depth: int) -> str:
        if self.one_in(5):
            return self.chance.choice(text_bools(self, scope, depth))
        type_ = self.chance.choice((*ORDERED, "int", "float"))
        a, b, c = (self.expr(type_, scope, depth) for _ in range(3))
        one, other = (self.expr("bool", scope, depth) for _ in range(2))
        number, whole, real = (self.expr(type_, scope, depth) for type_ in ("int", "int", "float"))
        text, word = (self.expr("str", scope, depth) for _ in range(2))
        some = self.expr(self.chance.choice(("int", "float", "str", "num")), scope, depth)
        order = self.chance.choice(("<", "<=", ">", ">=", "==", "!="))
        forms = [
            f"({a} {order} {b})", f"({a} < {b} <= {c})", f"({one} and {other})", f"({one} or {other})",
            f"(not {one})", f"{text}.startswith({word})", f"{text}.endswith({word})", f"bool({some})",
            f"({whole} == {real})", f"({one} == {other})", f"(({number}, {text}) {order} ({whole}, {word}))",
        ]  # fmt: skip
        forms += generated_numbers.truth_forms(self.expr("float", scope, depth), one, other)
        for type_ in ("date", "datetime"):
            ready = self.atoms(type_, scope)
            if ready:
                forms.append(f"({self.chance.choice(ready)} {order} {self.chance.choice(ready)})")
        if scope.row:
            column = self.chance.choice([name for name, has in COLUMNS.items() if has.endswith("?")])
            value = f"{scope.row}.{column}"
            forms += [f"({value} is None)", f"({value} is not None)", f"({value} == {value})"]
            forms.append(f"({scope.row}.maybe_kwh is not None and {scope.row}.maybe_kwh > {self.literal('float')})")
        return self.chance.choice(forms)

    def make_str(self, scope: Scope, depth: int) -> str:
        if self.one_in(3):
            return self.chance.choice(text_texts(self, scope, depth))
        if self.one_in(14):
            return self.chance.choice(chosen_texts(self, scope, depth))
        a, b = (self.expr("str", scope, depth) for _ in range(2))
        forms = [
            f"({a} + {b})", f"{a}.lower()", f"{a}.upper()", f"{a}.strip()", f"{a}.lstrip()", f"{a}.rstrip()",
            f"str({self.expr('int', scope, depth)})", f"str({self.expr('bool', scope, depth)})", f"min({a}, {b})",
            f"{a}.split({self.word()})[{self.chance.choice((0, -1))}]", f"max({a}, {b})",
        ]  # fmt: skip
        for type_ in ("date", "datetime"):
            forms += [f"{name}.isoformat()" for name in self.atoms(type_, scope)[:1]]
        if self.one_in(60):
            forms = [f"{a}.split()[{self.chance.choice((0, 1, -1))}]"]
        return self.chance.choice(forms)

    def make_date(self, scope: Scope, depth: int) -> str:
        return f"{self.expr('datetime', scope, depth)}.date()"
