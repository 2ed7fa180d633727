"""What the parts of the rewriting of a method, each a class in a ``*_forms`` module, call of each other."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from totem_sdk.lang.findings import Findings
from totem_sdk.lang.new_nodes import NewNodes, Statements
from totem_sdk.lang.source import Source

__all__ = ["Rewriting"]


class Rewriting(NewNodes, ABC):
    """Rewrites one method.

    ``functions`` are the functions of the module that it sees, ``renamed`` the names of the comprehensions that it is
    in.
    """

    def __init__(
        self,
        source: Source,
        hidden: frozenset[str],
        functions: frozenset[str],
        values: str | None,
        findings: Findings,
    ) -> None:
        super().__init__(source, hidden, values, findings)
        self.functions = functions
        self.renamed: list[Mapping[str, str]] = []

    def statements(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Return statements rewritten, each as one or several."""
        found: list[ast.stmt] = []
        for statement in body:
            made = self.visit(statement)
            found += made if isinstance(made, list) else [made]
        return found

    @abstractmethod
    def comprehension(
        self,
        node: ast.ListComp | ast.DictComp | ast.GeneratorExp | ast.SetComp,
        element: str,
        start: ast.expr,
        after: ast.stmt | None = None,
    ) -> Statements:
        """Return the statements of a comprehension; ``element`` tells what is done with each element."""

    @abstractmethod
    def looped(self, loop: ast.stmt) -> list[ast.stmt]:
        """Return a loop of a comprehension, and those in it, with what ``enumerate`` and the like stand for."""

    @abstractmethod
    def one_more(self, counter: str, item: str, number: ast.expr, place: ast.AST) -> list[ast.stmt]:
        """Return what adds a number to that of an item in a Counter."""

    @abstractmethod
    def by_key(self, node: ast.Call) -> ast.expr:
        """Return ``sorted``, ``min`` or ``max`` by a key as that of pairs: the key, and the position of the item."""

    @abstractmethod
    def key_of(self, key: ast.expr, item: str) -> ast.expr | None:
        """Return what a function gives for an item; None if it is of another form."""

    @abstractmethod
    def drawn(self, argument: ast.expr, call: ast.Call) -> ast.expr | None:
        """Return the list of what a generator, a range or a reducer's values give as the argument of a call."""

    @abstractmethod
    def iterable(self, node: ast.expr) -> ast.expr:
        """Rewrite what a loop runs over, but for the call that the loop itself makes something of."""

    @abstractmethod
    def unrolled(self, node: ast.For) -> list[ast.stmt]:
        """Return a loop over ``enumerate``, ``zip``, ``reversed`` or what else iterates as one over a list."""
