"""Powers and the module ``math`` for a consumer's class that CPython runs: floats from the machine's port.

A float's power and the functions of math differ in their last digit from one C library to the next. So what compares
CPython with the machine takes them from the same port (``totem_sdk.interpreter.mathematics``).
"""

from __future__ import annotations

import ast
import builtins
import math
import types
from collections.abc import Callable
from typing import Any, TypeVar

from totem_sdk.interpreter.arithmetic import Fault
from totem_sdk.interpreter.mathematics import compute, power
from totem_sdk.mathematics import FLOAT_FUNCTIONS

__all__ = ["prepare", "with_powers"]

_POWER = "__totem_power__"
_ERRORS: dict[str, type[Exception]] = {
    "overflow": OverflowError,
    "value": ValueError,
    "zero_division": ZeroDivisionError,
}
_Node = TypeVar("_Node", ast.BinOp, ast.AugAssign)


def prepare(module: types.ModuleType) -> None:
    """Give a module, before it is executed, the machine's ``math`` to import and the machine's powers."""
    mathematics = types.ModuleType("math")
    mathematics.__dict__.update(vars(math))
    for name in FLOAT_FUNCTIONS:
        mathematics.__dict__[name] = _raising(lambda *numbers, name=name: compute(name, [float(n) for n in numbers]))

    def importing(name: str, *more: Any) -> Any:
        return mathematics if name == "math" else __import__(name, *more)

    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": importing, "pow": _raised}
    module.__dict__[_POWER] = _raised


def _raising(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with Python's errors in place of the machine's."""

    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Fault as fault:
            raise _ERRORS[fault.kind](fault.kind) from None

    return call


def _raised(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        return base**exponent
    return _raising(power)(base, exponent)


def with_powers(source: str, filename: str) -> ast.Module:
    """Return a module's tree with a call in place of every ``**`` and ``**=``."""
    tree: ast.Module = _Powers().visit(ast.parse(source, filename))
    return ast.fix_missing_locations(tree)


class _Powers(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return _call(node, node.left, node.right) if isinstance(node.op, ast.Pow) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        read = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.copy_location(ast.Assign([node.target], _call(node, read, node.value)), node)


def _call(node: ast.AST, left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Call(ast.Name(_POWER, ast.Load()), [left, right], []), node)
