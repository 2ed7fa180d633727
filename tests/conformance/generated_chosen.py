"""Random forms in which a value stands for another: sides of ``and`` and ``or``, bools as ints, items of tuples."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generated_expressions import Expressions, Scope

__all__ = ["chosen_floats", "chosen_ints", "chosen_texts"]


def chosen_ints(write: Expressions, scope: Scope, depth: int) -> list[str]:
    """Return expressions of type int."""
    a, b = (write.expr("int", scope, depth) for _ in range(2))
    flag, text, real = (write.expr(type_, scope, depth) for type_ in ("bool", "str", "float"))
    word, place = write.word(), write.chance.choice((0, 1, -1, 2, -3))
    if write.one_in(6):
        return [
            f"sum(map(len, {text}.split()))", f"len(list(filter(None, {text}.split({word}))))",
            f"max([{a}][{place}:], default={b})", f"[*{text}, 'x'].count({word})", f"(({a},) + ({b}, 3))[1]",
            f"len(hex({a}) + bin({b}))", f"Named({a}, {b}).second", f"Named(second={a}, first={b}).first",
            f"Named({a})._replace(first={b}).first", f"sum(Named({a} % 9))",
            f"sum(x * y % 9 for x, y in itertools.combinations([{a} % 9, {b} % 9], 2))",
            f"len([1 for x, y, z in itertools.combinations({text}[:5], 3) if x <= y <= z])",
            f"len({{x + y for x, y in itertools.permutations({text}[:4], 2)}})",
            f"sum(x % 9 - y % 5 for x, y in itertools.product([{a}, {b}], range(3)))",
            f"max([({a}, 2), ({b}, 1)], key=operator.itemgetter(1, 0))[0]",
            f"len([c for c in {text} if c in string.punctuation])", f"int(Named({a}, {b}) == ({b}, 2))",
            f"sum(heapq.nlargest(2, [{a} % 99, {b} % 99, 1]))", f"int(all([{a}, {text}]))", f"int(any(({a}, {text})))",
            f"int({_maybe(write, scope, 'int')} != None)",
        ]  # fmt: skip
    return [
        f"({_maybe(write, scope, 'int')} or {a})", f"({a} and {b})", f"({a} or {b} or 3)", f"({flag} + {a})",
        f"({a} - {flag})", f"({flag} + ({b} > 1))", f"(-{flag})", f"(~{flag})", f"({flag} * 3)", f"(2 // (1 + {flag}))",
        f"sum(each == {word} for each in {text})", f"sum([{flag}, True])", f"abs({flag})", f"({flag} << 2)",
        f"({a}, {b}, 4)[{a} % 3]", f"({a}, {b}, 4)[{place}]", f"sum(({a} % 9, {b} % 9))", f"max(({a}, {b}))",
        f"(0, {a}, {b}).index({b})", f"({a}, {a}, {b}).count({a})", f"len(({a}, {real}))", f"sum(({a} % 9, 1, 5)[1:])",
        f"sorted(({a}, {b}))[0]", f"list(({a}, {b}))[-1]", f"int({flag} == {a})", f"int({flag} < {real})",
    ]  # fmt: skip


def chosen_floats(write: Expressions, scope: Scope, depth: int) -> list[str]:
    """Return expressions of type float."""
    a, b = (write.expr("float", scope, depth) for _ in range(2))
    flag, whole = write.expr("bool", scope, depth), write.expr("int", scope, depth)
    return [
        f"({_maybe(write, scope, 'float')} or {a})", f"({a} and {b})", f"({a} or {b})", f"({flag} * {a})",
        f"({a} + {flag})", f"({flag} / 2)", f"math.sqrt({flag})", f"({a}, {b})[{whole} % 2]",
    ]  # fmt: skip


def chosen_texts(write: Expressions, scope: Scope, depth: int) -> list[str]:
    """Return expressions of type str."""
    a, b = (write.expr("str", scope, depth) for _ in range(2))
    flag, whole = write.expr("bool", scope, depth), write.expr("int", scope, depth)
    return [
        f"({_maybe(write, scope, 'str')} or {a})", f"({a} and {b})", f"({a} or {b} or '-')",
        f"{a}[:: {whole} % 3 - 1 or 2]", f"{a}[{whole} :: {whole} % 4 + 1]", f"({a}, {b})[{whole} % 2]",
        f"({write.word()} * {flag})", f"''.join(({a}, {b}))", f"min(({a}, {b}, 'b'))", f"({a}, {b}, {a})[::-1][1]",
    ]  # fmt: skip


def _maybe(write: Expressions, scope: Scope, type_: str) -> str:
    """Return a value of the type that may be None, or one that is falsy where there is no row."""
    columns = {"int": "maybe_number", "float": "maybe_kwh", "str": "maybe_name"}
    return f"{scope.row}.{columns[type_]}" if scope.row else write.literal(type_)
