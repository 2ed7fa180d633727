"""What operations on texts are given beside their operands: what is to be known before a text is made."""

from __future__ import annotations

from totem_sdk.lang.builder import Builder
from totem_sdk.lang.tree import Apply
from totem_sdk.program import Value
from totem_sdk.types import INT, STR

__all__ = ["completed"]


def completed(build: Builder, expr: Apply, args: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[Value, ...]]:
    """Return operands and immediates of an operation whose operands stand in registers.

    How large a text becomes that ``replace`` or ``pad`` makes must be known before it is paid: a ``find`` before it
    counts what is to be replaced, a ``len`` the characters that are there.
    """
    if expr.code == "replace":
        count = build.register(INT)
        build.op("find", STR, count, args[:2], expr.at, imm=("count",))
        if expr.imm:
            most = build.register(INT)
            build.op("const", INT, most, (), expr.at, imm=expr.imm)
            build.op("min", INT, count, (count, most), expr.at)
        return (*args, count), ()
    if expr.code == "pad":
        length = build.register(INT)
        build.op("len", STR, length, args[:1], expr.at)
        return (*args, length), expr.imm
    if expr.code == "format":
        width, precision = expr.imm[4], expr.imm[6]
        wanted = build.register(INT)
        build.op("const", INT, wanted, (), expr.at, imm=(int(width or 0) + max(0, int(precision or 0)),))
        return (*args, wanted), expr.imm
    return args, expr.imm
