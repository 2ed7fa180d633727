"""Loops over ``itertools``: ``combinations``, ``permutations`` and ``product`` as loops that count places of lists.

``for a, b in combinations(items, 2)`` becomes one loop over as many rounds as there are pairs, which moves two places
of a list on. So nothing is held but the list, ``break`` and ``continue`` are those of one loop, and the bounds of what
the loop costs come from how many rounds a ``range`` has.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

from totem_sdk.lang.holes import Hole
from totem_sdk.lang.rewriting import Rewriting

__all__ = ["CHOICES", "ChoiceForms"]

CHOICES = ("itertools.combinations", "itertools.permutations", "itertools.product")
"""What is imported of ``itertools`` and gone through as loops."""
_MOST = 4
"""Most items that are chosen at a time: as many loops can stand in each other."""


class ChoiceForms(Rewriting):
    """Rewrites loops over choices, for the rewriting of a method."""

    def choice_lists(self, node: ast.Call) -> ast.Call:
        """Put lists of their own in place of what items are chosen from: it may yield, and change in the loop."""
        several = self.calls(node, "itertools.product")
        lists = node.args if several else node.args[:1]
        made = [self.visit(self.at(ast.Call(ast.Name("list", ast.Load()), [given], []), given)) for given in lists]
        node.args = [*made, *node.args[len(made) :]]
        return node

    def over_choices(self, node: ast.For) -> list[ast.stmt] | None:
        """Return a loop over choices as one over a range; None of another loop."""
        call = node.iter
        if not isinstance(call, ast.Call) or not self.calls(call, *CHOICES):
            return None
        if self.calls(call, "itertools.product"):
            return self._product(node, call)
        pairs = self.calls(call, "itertools.permutations")
        number = self._number(call, "r", 1)
        if number is None or len(call.args) > 2 or not 1 <= number <= (2 if pairs else _MOST):
            name, most = ("permutations", 2) if pairs else ("combinations", _MOST)
            return self._refused(
                node, call, f"{name}() of other than a constant number of items, 1 to {most} at a time", name
            )
        whole = self.fresh("list")
        places = [self.fresh("place") for _ in range(number)]
        kept = [self.assign(whole, call.args[0], call)]
        if pairs and number > 1:
            kept += [self.assign(place, ast.Constant(0), call) for place in places]
            moves = self._next_pair(whole, places)
        else:
            starts = [*range(number - 1), number - 2]
            kept += [self.assign(place, ast.Constant(at), call) for place, at in zip(places, starts, strict=True)]
            moves = self._next_choice(whole, places, number - 1)
        rounds = self._falling(whole, number)
        if not pairs:
            rounds = ast.BinOp(rounds, ast.FloorDiv(), ast.Constant(math.factorial(number)))
        return [*kept, *self._counted(node, rounds, moves, [(whole, _load(place)) for place in places])]

    def _number(self, call: ast.Call, name: str, position: int) -> int | None:
        given = [*call.args[position : position + 1], *(k.value for k in call.keywords if k.arg == name)]
        match given, [keyword.arg for keyword in call.keywords if keyword.arg != name]:
            case [ast.Constant(value=int() as number)], []:
                return number
        return None

    def _refused(self, node: ast.For, call: ast.Call, message: str, name: str) -> list[ast.stmt]:
        hint = "write product(a, b)" if name == "product" else f"write {name}(items, 2)"
        self.refuse(call, "loop-form", message, hint)
        node.iter = ast.copy_location(Hole(), call)
        return [node]

    def _product(self, node: ast.For, call: ast.Call) -> list[ast.stmt]:
        times = self._number(call, "repeat", len(call.args)) if call.keywords else 1
        if times is None or not 1 <= times * len(call.args) <= _MOST:
            return self._refused(node, call, f"product() of other than 1 to {_MOST} lists", "product")
        lists = [self.fresh("list") for _ in call.args]
        kept = [self.assign(name, value, value) for name, value in zip(lists, call.args, strict=True)]
        number = self.fresh("number")
        rest, items = _load(number), list[tuple[str, ast.expr]]()
        of = lists * times
        for name in reversed(of):
            items.insert(0, (name, ast.BinOp(rest, ast.Mod(), _length(name)) if len(items) < len(of) - 1 else rest))
            rest = ast.BinOp(rest, ast.FloorDiv(), _length(name))
        rounds: ast.expr = _length(of[0])
        for name in of[1:]:
            rounds = ast.BinOp(rounds, ast.Mult(), _length(name))
        return [*kept, *self._counted(node, rounds, [], items, number)]

    def _falling(self, whole: str, number: int) -> ast.expr:
        rounds = _length(whole)
        for less in range(1, number):
            rounds = ast.BinOp(rounds, ast.Mult(), ast.BinOp(_length(whole), ast.Sub(), ast.Constant(less)))
        return rounds

    def _next_choice(self, whole: str, places: Sequence[str], last: int) -> list[ast.stmt]:
        """Return what moves the places ``0`` to ``last`` on, where the later ones follow them."""
        moved = [_moved(places[last])]
        if last:
            end = ast.BinOp(_length(whole), ast.Sub(), ast.Constant(len(places) - 1 - last))
            body = [*self._next_choice(whole, places, last - 1), _set(places[last], _after(places[last - 1]))]
            moved.append(ast.If(ast.Compare(_load(places[last]), [ast.Eq()], [end]), body, []))
        return moved

    def _next_pair(self, whole: str, places: Sequence[str]) -> list[ast.stmt]:
        first, second = places
        same = ast.If(ast.Compare(_load(second), [ast.Eq()], [_load(first)]), [_moved(second)], [])
        over = ast.Compare(_load(second), [ast.GtE()], [_length(whole)])
        return [_moved(second), same, ast.If(over, [_moved(first), _set(second, ast.Constant(0))], [])]

    def _counted(
        self,
        node: ast.For,
        rounds: ast.expr,
        moves: Sequence[ast.stmt],
        items: Sequence[tuple[str, ast.expr]],
        number: str | None = None,
    ) -> list[ast.stmt]:
        call = node.iter
        chosen: list[ast.expr] = [ast.Subscript(_load(whole), place, ast.Load()) for whole, place in items]
        if isinstance(node.target, ast.Tuple) and len(node.target.elts) == len(chosen):
            taken: list[ast.stmt] = [ast.Assign([t], i) for t, i in zip(node.target.elts, chosen, strict=True)]
        else:
            taken = [ast.Assign([node.target], ast.Tuple(chosen, ast.Load()))]
        node.body = [*(self.at(made, call) for made in (*moves, *taken)), *node.body]
        node.target = self.at(ast.Name(number or self.fresh("number"), ast.Store()), call)
        node.iter = self.at(ast.Call(ast.Name("range", ast.Load()), [rounds], []), call)
        return [node]


def _load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _length(name: str) -> ast.expr:
    return ast.Call(ast.Name("len", ast.Load()), [_load(name)], [])


def _after(name: str) -> ast.expr:
    return ast.BinOp(_load(name), ast.Add(), ast.Constant(1))


def _set(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _moved(name: str) -> ast.stmt:
    return _set(name, _after(name))
