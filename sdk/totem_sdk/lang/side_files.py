"""Files beside the data: ``FILES``, ``add_file_arg`` and ``open`` (docs/adr/0023-programs-that-exist.md).

A task opens nothing. The text of a file is a job parameter of type str, which is given with the job; what opens and
reads the file in the source is rewritten here, before anything else sees it: the lines are all matches of a constant
pattern in that text, so that types, charges and bounds are those of ``findall``.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TypeVar

from totem_sdk.lang.surface import Refuse

__all__ = ["LINES_OF", "LINE_PATTERN", "SideFiles"]

LINES_OF = "lines'of"
"""The name of the pattern whose matches are a file's lines; no source can write it."""

LINE_PATTERN = r"[^\n]*\n|[^\n]+"

_ITERATED = ("enumerate", "list", "set", "sorted")
_HINT = "with open(self.options.name or 'file.txt') as f: self.words = set(line.strip() for line in f)"

_Node = TypeVar("_Node", bound=ast.AST)


@dataclass
class SideFiles:
    """The files of a job: ``names`` are those of ``FILES``, by the name under which they are opened.

    ``params`` are the parameters that hold a file's text, each with the file that is read where the submission names
    none (its path beside the job's source; None: there is none). ``declared`` are those of ``add_file_arg``.
    """

    refuse: Refuse
    names: dict[str, str] = field(default_factory=dict)
    params: dict[str, str | None] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    used: bool = False

    def read_names(self, node: ast.expr) -> None:
        """Read the value of ``FILES``."""
        parts = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
        for part in parts:
            path = part.value if isinstance(part, ast.Constant) else None
            pure = _beside(path) if isinstance(path, str) else None
            if pure is None:
                hint = "FILES = ['words.txt']: names of files beside the job's source"
                self.refuse(part, "option", "FILES names something else than a file beside the job", hint)
            else:
                self.names[pure.name] = str(pure)

    def declare(self, call: ast.Call, name: str) -> None:
        """Take a parameter that ``add_file_arg`` declares."""
        self.declared.add(name)
        self.params[name] = None
        for keyword in call.keywords:
            if keyword.arg == "default" and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is None
            ):
                path = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                pure = _beside(path) if isinstance(path, str) else None
                if pure is None:
                    hint = "default='words.txt': the name of a file beside the job's source"
                    self.refuse(keyword.value, "option", f"the default of {name} is no file beside the job", hint)
                else:
                    self.params[name] = str(pure)

    def rewrite(self, method: ast.FunctionDef) -> None:
        """Put the text of a file in place of opening it, in one method."""
        if self.names or self.declared:
            _Rewriting(self, method).method()

    def named(self, node: ast.expr) -> str | None:
        """Return the parameter that holds the text of the file that an expression names."""
        match node:
            case ast.Attribute() if (name := self.option(node)) is not None:
                return name
            case ast.BoolOp(op=ast.Or(), values=[ast.Attribute() as first, ast.Constant(value=str() as file)]):
                name = self.option(first)
                if name is not None and self.known(node, file):
                    if self.params[name] not in (None, self.names.get(file)):
                        self.refuse(node, "option", f"the option {name} has two files as its default", None)
                    self.params[name] = self.names.get(file)
                return name
            case ast.Constant(value=str() as file):
                name = re.sub(r"[^0-9A-Za-z]", "_", file)
                if not self.known(node, file):
                    return None
                if not name.isidentifier() or name in self.declared:
                    self.refuse(node, "option", f"{name} can't be the name of the parameter for {file}", _HINT)
                self.params[name] = self.names[file]
                return name
        return None

    def option(self, node: ast.AST) -> str | None:
        """Return the name of an option that ``add_file_arg`` declares, where a node reads one."""
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr="options"), attr=name):
                return name if name in self.declared else None
        return None

    def known(self, node: ast.expr, file: str) -> bool:
        """Return whether ``FILES`` names a file."""
        if file not in self.names:
            self.refuse(node, "option", f"FILES does not name {file!r}", f"write FILES = [{file!r}] in the class")
        return file in self.names


def _beside(path: str) -> PurePosixPath | None:
    """Return a path that leads to a file beside the job's source, or below; None for any other."""
    pure = PurePosixPath(path)
    below = not pure.is_absolute() and not {"..", "~"} & set(pure.parts) and not {"#", "\\", ":", "\0"} & set(path)
    return pure if below and pure.name else None


def _is_open(node: ast.AST) -> ast.expr | None:
    """Return what a call of open() opens to read text, None of anything else."""
    match node:
        case ast.Call(func=ast.Name(id="open"), args=[path, *modes], keywords=keywords):
            said = [part.value if isinstance(part, ast.Constant) else None for part in modes]
            given = {part.arg: part.value.value if isinstance(part.value, ast.Constant) else None for part in keywords}
            plain = said in ([], ["r"], ["rt"]) and set(given) <= {"encoding"}
            coded = str(given.get("encoding", "utf-8")).lower() in ("utf-8", "utf8")
            return path if plain and coded else None
    return None


class _Rewriting(ast.NodeTransformer):
    """Rewrites one method. ``depth`` counts the loops around a node; an open file is read once, outside of more."""

    def __init__(self, files: SideFiles, method: ast.FunctionDef) -> None:
        self.files = files
        self.body = method
        self.depth = 0
        self.stored = Counter(
            node.id for node in ast.walk(method) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        )
        self.stored.update(argument.arg for argument in method.args.args)
        self.paths: dict[str, str] = {}
        self.opened: dict[str, tuple[str, int]] = {}
        self.handles: set[str] = set()

    def method(self) -> None:
        """Rewrite the method, and refuse what it does with a path or a file beside opening and reading it."""
        if self.stored["open"]:
            return
        self.generic_visit(self.body)
        for node in ast.walk(self.body):
            if isinstance(node, ast.Name) and (node.id in self.paths or node.id in self.handles):
                self.files.refuse(node, "option", f"{node.id} can be opened and read once, and nothing else", _HINT)

    def param(self, node: ast.expr) -> str | None:
        """Return the parameter behind a path: an expression, or a variable that is one."""
        if isinstance(node, ast.Name):
            return self.paths.get(node.id)
        return self.files.named(node)

    def file(self, node: ast.AST) -> str | None:
        """Return the parameter behind an open file that is read here."""
        path = _is_open(node)
        if path is not None:
            return self.param(path)
        if not isinstance(node, ast.Name) or node.id not in self.opened:
            return None
        param, depth = self.opened.pop(node.id)
        if depth != self.depth:
            hint = "read it once into a list or a set, then go through that"
            self.files.refuse(node, "with", f"{node.id} is at its end when the loop comes here again", hint)
        return param

    def text(self, param: str, place: ast.AST) -> ast.expr:
        """Return the text of a file."""
        options = ast.Attribute(ast.Name("self", ast.Load()), "options", ast.Load())
        return _at(ast.Attribute(options, param, ast.Load()), place)

    def lines(self, param: str, place: ast.AST) -> ast.expr:
        """Return the list of a file's lines, each with its end."""
        self.files.used = True
        findall = ast.Attribute(ast.Name(LINES_OF, ast.Load()), "findall", ast.Load())
        return _at(ast.Call(findall, [self.text(param, place)], []), place)

    def iterated(self, node: ast.expr) -> ast.expr:
        """Return what is gone through, once."""
        param = self.file(node)
        found: ast.expr = self.visit(node) if param is None else self.lines(param, node)
        return found

    def within(self, nodes: Iterable[ast.AST]) -> None:
        """Rewrite what a loop repeats."""
        self.depth += 1
        for node in nodes:
            self.generic_visit(node)
        self.depth -= 1

    def repeated(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Return the rewritten statements of a loop."""
        holder = ast.Module(body, [])
        self.within([holder])
        return holder.body

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Remember a variable that is a path and nothing else."""
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute() | ast.BoolOp() as value):
                alone = self.stored[name] == 1 and any(part is node for part in self.body.body)
                param = self.files.named(value) if alone else None
                if param is not None:
                    self.paths[name] = param
                    return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        """Take the statements out of a ``with`` that opens files."""
        names = []
        for item in node.items:
            path = _is_open(item.context_expr)
            param = None if path is None else self.param(path)
            if param is None or not isinstance(item.optional_vars, ast.Name) or self.stored[item.optional_vars.id] > 1:
                return node
            names.append(item.optional_vars.id)
            self.opened[names[-1]] = param, self.depth
            self.handles.add(names[-1])
        holder = ast.Module(node.body, [])
        self.generic_visit(holder)
        for name in names:
            self.opened.pop(name, None)
        return holder.body

    def visit_For(self, node: ast.For) -> ast.AST:
        """Go through the lines of a file."""
        node.iter = self.iterated(node.iter)
        node.body = self.repeated(node.body)
        node.orelse = [self.visit(part) for part in node.orelse]
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        """Rewrite a loop."""
        self.within([node])
        return node

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> ast.AST:
        """Go through the lines of a file; all but the first iterable is repeated."""
        first = node.generators[0]
        first.iter = self.iterated(first.iter)
        iterable, first.iter = first.iter, _at(ast.Constant(None), first.iter)
        self.within([node])
        first.iter = iterable
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Read a file whole, or hand it to a function that goes through it."""
        match node:
            case ast.Call(func=ast.Attribute(value=of, attr="read" | "readlines" as attr), args=[], keywords=[]):
                param = self.file(of)
                if param is not None:
                    return self.text(param, node) if attr == "read" else self.lines(param, node)
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _ITERATED:
                param = self.file(first)
                if param is not None:
                    node.args[0] = self.lines(param, first)
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Refuse an option that is a path where it is not opened."""
        name = self.files.option(node)
        if name is not None:
            self.files.refuse(node, "option", f"the file {name} can be opened and read, and nothing else", _HINT)
            return node
        return self.generic_visit(node)


def _at(node: _Node, place: ast.AST) -> _Node:
    for part in ast.walk(node):
        if isinstance(part, ast.expr):
            ast.copy_location(part, place)
    return node
