"""Random expressions that search, cut, change and join texts, for the generator of jobs.

What makes a text longer is cut off behind, so that no loop makes memory run out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generated_regex import regex_bool, regex_int, regex_text

if TYPE_CHECKING:
    from generated_expressions import Expressions, Scope

TESTS = ("isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "isupper")
FLOAT_FORMATS = (".2f", "e", ".3g", "g", "+.1f", ",.2f", "12.4e", "08.2f", ".1%", "<9", ".0f", "^12.5", " .17g")
INT_FORMATS = ("d", "5", "<6d", "+,", "#x", "08b", "_", ".1f", "o", "é>7", "e")
CONSTANT_TUPLES = {
    "int": "(1, 2, -5)",
    "float": "(0.5, 1.5, -0.0, 7)",
    "str": "('a', 'b ', '', 'Σ')",
    "bool": "(True,)",
    "num": "(1, 0.5, 3)",
}


def bounds(w: Expressions, scope: Scope, depth: int) -> str:
    """Return the start, and perhaps the end, of a search."""
    some = [w.chance.choice(("0", "1", "-1", "None", w.expr("int", scope, depth - 1))) for _ in range(2)]
    return ", ".join(some[: w.chance.randrange(1, 3)])


def text_ints(w: Expressions, scope: Scope, depth: int) -> list[str]:
    """Return expressions that give an int."""
    a, b = (w.expr("str", scope, depth) for _ in range(2))
    return [
        f"{a}.{w.chance.choice(('find', 'rfind', 'count'))}({b})",
        f"({a} + {b}).{w.chance.choice(('index', 'rindex'))}({b})",
        f"ord(({a} + 'x')[{w.chance.choice((0, -1))}])",
        f"len({a}.{w.chance.choice(('rsplit', 'split'))}({w.word()}, {w.chance.choice((-1, 0, 1, 2))}))",
        f"len({a}.splitlines())",
        f"{a}.{w.chance.choice(('find', 'rfind', 'count'))}({b}, {bounds(w, scope, depth)})",
        f"({a} + 'x').index('x', {w.chance.choice((0, 'None', -1))})",
        *([regex_int(w, scope, depth)] if w.one_in(4) else ()),
    ]


def text_bools(w: Expressions, scope: Scope, depth: int) -> list[str]:
    """Return expressions that give a bool."""
    a, b = (w.expr("str", scope, depth) for _ in range(2))
    type_ = w.chance.choice(tuple(CONSTANT_TUPLES))
    value = w.expr(type_, scope, depth)
    inside = w.chance.choice(("in", "not in"))
    return [
        f"({a} {inside} {b})",
        f"{a}.{w.chance.choice(TESTS)}()",
        f"{a}.{w.chance.choice(('startswith', 'endswith'))}(({b}, {w.word()}))",
        f"{a}.{w.chance.choice(('startswith', 'endswith'))}({b}, {bounds(w, scope, depth)})",
        *([regex_bool(w, scope, depth)] if w.one_in(4) else ()),
        f"({value} {inside} {CONSTANT_TUPLES[type_]})",
        f"({value} {inside} ({w.expr(type_, scope, depth - 1)}, {w.literal(type_)}))",
    ]


def f_string(w: Expressions, scope: Scope, depth: int) -> str:
    """Return an f-string; what has quotes or backslashes in it stands outside of its braces."""
    fields = []
    for type_, formats in (("int", INT_FORMATS), ("float", FLOAT_FORMATS), ("str", (">7", "é^5.2", ""))):
        value = w.expr(type_, scope, depth - 1)
        if any(character in value for character in "'\"\\#\n"):
            fields.append("{{" + type_)
            continue
        form = w.chance.choice((":" + w.chance.choice(formats), "", "!s", "!s:>5", ":{7}" if type_ == "int" else ""))
        fields.append(f"{{({value}){form}}}")
    if w.one_in(3):
        fields.append(f"{{({w.expr('bool', scope, 0)})!r}}" if w.one_in(2) else "{1.5=}")
    w.chance.shuffle(fields)
    text = w.chance.choice((" ", "}}é", "\\n")).join(fields).replace("{{", "{{" if w.one_in(2) else "x")
    return f"f'{text}'[:60]"


def text_texts(w: Expressions, scope: Scope, depth: int) -> list[str]:
    """Return expressions that give a text."""
    a, b = (w.expr("str", scope, depth) for _ in range(2))
    whole, chance = w.expr("int", scope, depth), w.chance
    start, stop = (chance.choice(("", "0", "1", "-2", "3", whole)) for _ in range(2))
    limit = chance.choice(("", ", 1", ", -1", ", 0"))
    width = chance.choice(("0", "3", "9", f"{whole} % 12"))
    name = chance.choice(("center", "ljust", "rjust"))
    return [
        f"{a}[{start}:{stop}]",
        f"{a}[{start}:{stop}:{chance.choice((1, 2, -1, -3))}]",
        f"({a} + 'y')[{chance.choice((0, -1))}]",
        f"{a}.{chance.choice(('title', 'capitalize', 'swapcase'))}()",
        f"json.dumps({a})[:40]",
        f"json.dumps([{a}, {{'n': {whole}}}])[-40:]",
        f"{a}.{chance.choice(('removeprefix', 'removesuffix'))}({b})",
        f"{a}.{chance.choice(('strip', 'lstrip', 'rstrip'))}({w.word()})",
        f"{a}.replace({b}, {w.expr('str', scope, 0)}{limit})[:40]",
        f"({a} * {chance.choice((0, 1, 3))})[:9]",
        f"{a}.{name}({width}{chance.choice(('', ', ' + repr('é')))})[:30]",
        f"{a}.zfill({width})[:20]",
        f"{w.word()}.join({a}{chance.choice(('.split()', '.splitlines()', '[:5]'))})[:30]",
        f"{a}.{chance.choice(('partition', 'rpartition'))}({w.word()})[{chance.choice((0, 1, 2))}]",
        f"{a}.rsplit({w.word()}, {chance.choice((1, 2))})[{chance.choice((0, -1))}]",
        f"chr(97 + {whole} % 26)",
        *([regex_text(w, scope, depth)] if w.one_in(4) else ()),
        f"str({w.expr(chance.choice(('float', 'num')), scope, depth)})",
        f"format({w.expr('float', scope, depth)}, '{chance.choice(FLOAT_FORMATS)}')",
        f"format({whole}, '{chance.choice(INT_FORMATS)}')",
        f"('%s:%.{chance.choice((0, 2))}f|%5d' % ({w.word()}, {w.expr('float', scope, depth)}, {whole}))",
        f"'{{:{chance.choice(('>7', 'é^5.2', ''))}}}{{}};'.format({a}[:9], {whole})",
        f_string(w, scope, depth),
    ]
