"""Third pass: every statement and expression of every method has a form that the language has.

This needs no types, so all findings of a program come at once, also those in helpers that nothing calls. What is
refused is replaced (``holes``), so that the passes after this one can go on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from totem_sdk.lang.caught_forms import wrong_in_raise, wrong_in_try
from totem_sdk.lang.constants import HALF, INT_MAX, has_surrogate
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.holes import bound_names, repair
from totem_sdk.lang.reserved import (
    DATES,
    FORBIDDEN,
    FUNCTIONS,
    INSTEAD,
    MRJOB_NAMES,
    MRJOB_OPTIONS,
    STEP_FUNCTIONS,
    meant,
)
from totem_sdk.lang.source import Source
from totem_sdk.lang.surface import IGNORED_CALLS

__all__ = ["MAX_LOOPS", "Names", "check_forms", "local_names"]

MAX_LOOPS = 20
"""Most loops inside of each other: CPython's own limit."""

_REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.FunctionDef: ("nested-function", "a function inside a function"),
    ast.AsyncFunctionDef: ("async", "an async function"),
    ast.ClassDef: ("class-form", "a class inside a function"),
    ast.Delete: ("delete", "a del statement"),
    ast.AsyncFor: ("async", "async for"),
    ast.AsyncWith: ("async", "async with"),
    ast.Await: ("async", "await"),
    ast.With: ("with", "a with statement"),
    ast.Match: ("match", "a match statement"),
    ast.TryStar: ("exception", "a try statement for groups of exceptions"),
    ast.Import: ("import", "an import inside a function"),
    ast.ImportFrom: ("import", "an import inside a function"),
    ast.Global: ("global", "a global statement"),
    ast.Nonlocal: ("global", "a nonlocal statement"),
    ast.Lambda: ("lambda", "a lambda"),
    ast.NamedExpr: ("walrus", "an assignment inside an expression"),
    ast.GeneratorExp: ("comprehension", "a generator expression"),
    ast.Starred: ("star", "a starred expression"),
    ast.YieldFrom: ("yield-form", "yield from"),
    ast.Yield: ("yield-form", "a yield inside an expression"),
}

_SIGNS: dict[type[ast.AST], str] = {ast.MatMult: "@"}


@dataclass(frozen=True)
class Names:
    """The names that every method sees: constants of the module, the class itself, and its methods (for hints).

    ``unknown`` are names of the module, and of the class as ``self.NAME``, that were refused where they are defined.
    ``functions`` are those of the module.
    """

    constants: Mapping[str, object]
    job: str
    methods: Iterable[str]
    unknown: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()


def local_names(function: ast.FunctionDef) -> dict[str, None]:
    """Return the parameters and every name that the function assigns, in order."""
    parts = (function.args, *function.body)
    return {name: None for part in parts for name in bound_names(part) if not name.startswith("self.")}


@dataclass
class _Forms:
    source: Source
    findings: Findings
    names: Names
    local: Mapping[str, None]
    refused: dict[int, ast.AST] = field(default_factory=dict)

    def add(self, node: ast.AST, code: str, message: str, hint: str | None = None) -> None:
        self.refused[id(node)] = node
        self.findings.add(self.source.at(node), code, message, hint)

    def is_unknown(self, node: ast.AST) -> bool:
        """Return whether a name was refused elsewhere; what it stands for is not known then."""
        match node:
            case ast.Name(id=name):
                wanted = name if name not in self.local else ""
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                of_job = owner == "self" or (owner == self.names.job and owner not in self.local)
                wanted = f"self.{name}" if of_job else ""
            case ast.Attribute(attr=name):
                wanted = ""
            case _:
                return False
        return wanted in self.names.unknown or not (name.isascii() or name in self.source.names)

    def body(self, statements: Iterable[ast.stmt]) -> None:
        """Check statements and all that is in them, without recursion."""
        pending: list[tuple[ast.AST, int]] = [(statement, 0) for statement in statements]
        while pending:
            node, loops = pending.pop()
            pending.extend(self.node(node, loops))

    def node(self, node: ast.AST, loops: int) -> Iterator[tuple[ast.AST, int]]:
        """Check one node that is in so many loops; yield what is to be checked next."""
        if self.is_unknown(node):
            self.refused[id(node)] = node
            return
        if type(node) in _REFUSED:
            code, what = _REFUSED[type(node)]
            self.add(node, code, what)
            return
        if isinstance(node, ast.For | ast.While):
            if loops == MAX_LOOPS:
                self.add(node, "too-deep", f"more than {MAX_LOOPS} loops are nested, which Python can't run either")
            yield from ((statement, loops + 1) for statement in node.body)
            children = self.loop(node)
        elif isinstance(node, ast.stmt):
            children = self.statement(node, in_loop=loops > 0)
        else:
            children = self.expression(node)
        yield from ((child, loops) for child in children)

    def loop(self, node: ast.For | ast.While) -> Iterable[ast.AST]:
        return (node.target, node.iter, *node.orelse) if isinstance(node, ast.For) else (node.test, *node.orelse)

    def statement(self, node: ast.stmt, *, in_loop: bool) -> Iterable[ast.AST]:
        match node:
            case ast.Expr(value=value):
                return self.expression_statement(node, value)
            case ast.Break() | ast.Continue():
                if not in_loop:
                    self.add(node, "syntax", f"{type(node).__name__.lower()} outside a loop")
            case ast.AnnAssign(value=None):
                self.add(node, "annotation", "an annotation without a value", "assign a value")
                return (node.target,)
            case ast.AnnAssign(value=ast.expr() as value):
                return (node.target, value)
            case ast.Try():
                return self.try_statement(node)
            case ast.Raise():
                return self.raise_statement(node)
            case ast.AugAssign(op=op) if type(op) in _SIGNS:
                self.add(node, "operator", f"the operator {_SIGNS[type(op)]}=")
        return ast.iter_child_nodes(node)

    def try_statement(self, node: ast.Try) -> Iterable[ast.AST]:
        for place, code, message, hint in wrong_in_try(node, self.local):
            self.add(place, code, message, hint)
        return (
            *node.body,
            *(part for handler in node.handlers for part in handler.body),
            *node.orelse,
            *node.finalbody,
        )

    def raise_statement(self, node: ast.Raise) -> Iterable[ast.AST]:
        if (wrong := wrong_in_raise(node, self.local)) is not None:
            self.add(node, *wrong)
        return node.exc.args if isinstance(node.exc, ast.Call) else ()

    def expression(self, node: ast.AST) -> Iterable[ast.AST]:
        match node:
            case ast.Name():
                self.name(node)
            case ast.Attribute():
                return self.attribute(node)
            case ast.Call():
                return self.call(node)
            case ast.Constant():
                self.literal(node.value, node)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)) if value == INT_MAX + 1:
                return ()
            case ast.BinOp(op=op) if type(op) in _SIGNS:
                self.add(node, "operator", f"the operator {_SIGNS[type(op)]}")
            case ast.Compare():
                self.comparison(node)
            case ast.List(ctx=ast.Store()):
                self.add(node, "target", "a list as a target", "write a tuple: a, b = pair")
            case ast.Tuple(elts=[]):
                self.add(node, "container", "an empty tuple", "a tuple has at least one item")
        return ast.iter_child_nodes(node)

    def expression_statement(self, node: ast.Expr, value: ast.expr) -> tuple[ast.AST, ...]:
        match value:
            case ast.Yield(value=None):
                self.add(value, "yield-form", "a yield without key and value")
            case ast.Yield(value=ast.expr() as emitted):
                return self.emitted(emitted)
            case ast.Constant(value=str()):
                pass
            case ast.Call() | ast.Await() | ast.YieldFrom():
                return (value,)
            case _:
                self.add(node, "statement", "the value of this expression is not used")
                return (value,)
        return ()

    def emitted(self, node: ast.expr) -> tuple[ast.AST, ...]:
        """Say of a dict, or of a list as key, what to write there; yield the rest."""
        rest: list[ast.AST] = []
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        for part in parts:
            if isinstance(part, ast.List) and part is parts[0]:
                hint = "emit a tuple, which comes out as a list: (a, b)"
                self.add(part, "container", "a list is emitted as a key", hint)
                rest += part.elts
            else:
                rest.append(part)
        return tuple(rest)

    def name(self, node: ast.Name) -> None:
        if node.id.startswith("__"):
            return self.add(node, "dunder", f"{node.id} begins with two underscores")
        if isinstance(node.ctx, ast.Store):
            if node.id == "self":
                self.add(node, "target", "self can't be assigned to")
        elif node.id == "self":
            self.add(node, "self-use", "self is used as a value")
        elif node.id in FORBIDDEN and node.id not in self.local:
            self.add(node, "forbidden", f"{node.id} reaches beyond the job")
        elif node.id in FUNCTIONS | self.names.functions and node.id not in self.local:
            self.add(node, "unknown-name", f"the function {node.id} is used as a value", "call it")
        elif node.id == self.names.job and node.id not in self.local:
            self.add(node, "self-use", f"the class {node.id} is used as a value")
        elif node.id not in self.local and node.id not in self.names.constants:
            near = meant(node.id, (*self.local, *self.names.constants))
            self.add(node, "unknown-name", f"there is no {node.id}", f"did you mean {near}?" if near else None)
        return None

    def attribute(self, node: ast.Attribute) -> tuple[ast.AST, ...]:
        if node.attr.startswith("__"):
            self.add(node, "dunder", f"the attribute {node.attr} begins with two underscores")
            return (node.value,) if not isinstance(node.value, ast.Name) else ()
        of_self = isinstance(node.value, ast.Name) and node.value.id == "self"
        if isinstance(node.ctx, ast.Store) and not of_self:
            self.add(node, "target", "only fields of self can be assigned to")
        if of_self and isinstance(node.ctx, ast.Store) and self.is_reserved(node.attr):
            self.add(node, "reserved-name", f"self.{node.attr} has a meaning for mrjob")
        of_job = (
            isinstance(node.value, ast.Name) and node.value.id == self.names.job and node.value.id not in self.local
        )
        return () if of_self or of_job else (node.value,)

    def is_reserved(self, name: str) -> bool:
        """Return whether mrjob has an attribute of this name that is no method of the job."""
        return name in MRJOB_NAMES | MRJOB_OPTIONS or (name in STEP_FUNCTIONS and name not in self.names.methods)

    def call(self, node: ast.Call) -> tuple[ast.AST, ...]:
        named = node.keywords if not self.of_helper(node.func) else [k for k in node.keywords if k.arg is None]
        if named or self.is_unknown(node.func):
            self.refused[id(node)] = node
        for keyword in named:
            if keyword.arg is None:
                self.add(keyword, "star", "arguments from a dict")
            else:
                self.add(keyword, "keyword", f"the argument {keyword.arg} is given by name")
        arguments = (*node.args, *(keyword.value for keyword in node.keywords))
        if self.is_unknown(node.func):
            return arguments
        match node.func:
            case ast.Attribute():
                return (node.func, *arguments)
            case ast.Name(id="self"):
                self.add(node, "self-use", "self is called as a function", "call self.name(...)")
            case ast.Name(id=name) if name in self.local or (name in FUNCTIONS and name not in self.names.constants):
                return arguments
            case ast.Name(id=name) if name in FORBIDDEN:
                self.add(node, "forbidden", f"{name}() reaches beyond the job", INSTEAD.get(name))
            case ast.Name(id=name):
                hint = f"call self.{name}(...)" if name in self.names.methods else INSTEAD.get(name)
                near = None if hint else meant(name, FUNCTIONS)
                hint = f"did you mean {near}()?" if near else hint
                self.add(node, "unknown-function", f"there is no function {name}()", hint)
            case _:
                self.add(node, "unknown-function", "this expression is called as a function", "call self.name(...)")
                return (node.func, *arguments)
        return arguments

    def of_helper(self, function: ast.expr) -> bool:
        """Return whether a method or a date's class is called, which take arguments by name."""
        match function:
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return name in self.names.methods or name in IGNORED_CALLS
            case ast.Attribute(attr="replace" | "_replace") | ast.Attribute(value=ast.Name(id="re")):
                return True
            case ast.Name(id=name):
                return name in DATES or name == "math.isclose"
        return False

    def literal(self, value: object, node: ast.Constant) -> None:
        match value:
            case bool() | float() | None:
                pass
            case int():
                if value > INT_MAX:
                    self.add(node, "int-range", "64 bits don't hold this int")
            case str():
                if has_surrogate(value):
                    self.add(node, "encoding", HALF, "write the character itself")
            case _:
                self.add(node, "literal", f"a constant of type {type(value).__name__}")

    def comparison(self, node: ast.Compare) -> None:
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                if len(node.ops) > 1:
                    self.add(node, "membership", "in stands in a chain of comparisons")
            elif isinstance(op, ast.Is | ast.IsNot):
                is_none = isinstance(right, ast.Constant) and right.value is None
                if len(node.ops) > 1 or not is_none:
                    self.add(node, "identity", "is compares identities")


def check_forms(source: Source, function: ast.FunctionDef, names: Names, findings: Findings) -> None:
    """Add what is wrong with the forms in one method to ``findings``, and replace it in the method."""
    forms = _Forms(source, findings, names, local_names(function))
    forms.body(function.body)
    repair(function, forms.refused)
