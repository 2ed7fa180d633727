"""What a job file defines: imports, constants, patterns, tables and functions, as part of ``structure``."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from totem_sdk.lang.annotation_forms import usual_annotations
from totem_sdk.lang.annotations import accepts, read_annotation
from totem_sdk.lang.constants import HALF, Constant, NotConstant, evaluate, type_of
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.imports import IMPORTS, is_harmless, is_late, names_of
from totem_sdk.lang.modules import DATE_MODULE, constants_of
from totem_sdk.lang.named_tuple_forms import Definition, class_definition, function_of, made_by_call
from totem_sdk.lang.patterns import Patterns, compiled_call
from totem_sdk.lang.reserved import FUNCTIONS
from totem_sdk.lang.side_files import SideFiles
from totem_sdk.lang.source import Source
from totem_sdk.lang.surface import Note
from totem_sdk.lang.tables import field_of, is_table, table_of, unknown_names
from totem_sdk.program import ParamSpec
from totem_sdk.regex import Pattern
from totem_sdk.types import BOOL, FLOAT, INT, STR, Type

__all__ = ["PARAM_TYPES", "Definitions", "name_of"]

_PATTERN_TYPES = ("re.Pattern", "re.Pattern[str]")
PARAM_TYPES: dict[str, Type] = {"int": INT, "float": FLOAT, "bool": BOOL, "str": STR}


@dataclass
class Definitions:
    """What was read so far, under the names that ``Job`` has for it."""

    source: Source
    findings: Findings
    imported: set[str] = field(default_factory=set)
    globals: dict[str, Constant] = field(default_factory=dict)
    constants: dict[str, Constant] = field(default_factory=dict)
    params: list[ParamSpec] = field(default_factory=list)
    methods: dict[str, ast.FunctionDef] = field(default_factory=dict)
    classes: list[ast.ClassDef] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    default_values: dict[str, dict[str, Constant]] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)
    init: ast.FunctionDef | None = None
    notes: list[Note] = field(default_factory=list)
    from_math: set[str] = field(default_factory=set)
    patterns: dict[str, Pattern] = field(default_factory=dict)
    making: Patterns = field(init=False)
    tables: dict[str, ast.Assign | ast.AnnAssign] = field(default_factory=dict)
    sorts: bool = False
    files: SideFiles = field(init=False)
    tuples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    objects: bool = False

    def __post_init__(self) -> None:
        self.files = SideFiles(self.add)
        self.making = Patterns(self.source.lines)

    def add(self, node: ast.AST, code: str, message: str, hint: str | None = None) -> None:
        """Add a refusal."""
        self.findings.add(self.source.at(node), code, message, hint)

    def imports(self, statement: ast.Import | ast.ImportFrom) -> None:
        """Read an import."""
        module = statement.module if isinstance(statement, ast.ImportFrom) and statement.level == 0 else None
        if module == "__future__" and is_late(self.source.tree, statement):
            self.add(statement, "syntax", "an import of __future__ stands after other statements", "write it first")
        known = IMPORTS.get(module or "", ()) if module or isinstance(statement, ast.Import) else ()
        level, path = (statement.level, statement.module) if isinstance(statement, ast.ImportFrom) else (0, None)
        of = "." * level + (f"{path}." if path else "")
        for alias in statement.names:
            if alias.name in known and alias.asname in (None, alias.name):
                self.imported.add(alias.name if module or alias.name != "datetime" else DATE_MODULE)
                if {"datetime", DATE_MODULE} <= self.imported:
                    self.add(alias, "duplicate", "datetime is the module and the class")
                self.globals.update(constants_of(alias.name, module))
                self.from_math |= {alias.name} if module == "math" else set()
            elif alias.name in known:
                self.add(alias, "import", f"{alias.name} is imported under another name", "import it without 'as'")
            else:
                what, name = f"{of}{alias.name}", alias.asname or alias.name.partition(".")[0]
                if is_harmless(alias, what) and name not in self.names_used:
                    self.notes.append(Note(self.source.at(alias), f"{what} is imported and not used: it is ignored"))
                else:
                    self.add(alias, "import", f"a job can't import {what}")
                    self.unknown.add(name)

    @functools.cached_property
    def names_used(self) -> frozenset[str]:
        """The names that stand in the job; many imports may ask."""
        return names_of(self.source.tree)

    def constant(
        self,
        statement: ast.Assign | ast.AnnAssign,
        name: str,
        node: ast.expr,
        into: dict[str, Constant],
        names: Mapping[str, Constant],
    ) -> None:
        """Read the assignment of a constant, pattern or table of the module or the class."""
        key = name if into is self.globals else f"self.{name}"
        taken = (
            name in into
            or key in self.patterns
            or key in self.tables
            or name in self.methods
            or any(p.name == name and name not in self.options for p in self.params)
        )
        if taken or (into is self.globals and self.in_module(name)):
            return self.add(statement, "duplicate", f"{name} is defined twice")
        if (call := compiled_call(node)) is not None:
            return self.pattern(statement, key, call, names)
        if is_table(node):
            unknown = list(unknown_names(node, {*names, *self.tables, *self.imported, *FUNCTIONS}))
            for part in unknown:
                self.add(part, "constant", f"the value of {name}: there is no {part.id} above that can be used here")
            if unknown:
                self.unknown.add(key)
            else:
                self.tables[key] = table_of(statement, field_of(name) if key == name else name, node, names)
            return None
        value = evaluate(node, names)
        if isinstance(value, NotConstant):
            code = "int-range" if "64 bits" in value.reason else "encoding" if value.reason == HALF else "constant"
            self.add(value.node, code, f"the value of {name}: {value.reason}")
            self.unknown.add(name if into is self.globals else f"self.{name}")
            value = None
        elif isinstance(statement, ast.AnnAssign):
            declared = read_annotation(statement.annotation)
            if declared is None or not accepts(declared, type_of(value)):
                self.add(statement.annotation, "annotation", f"the annotation of {name} does not fit its value")
        into[name] = value
        return None

    def pattern(
        self, statement: ast.Assign | ast.AnnAssign, key: str, call: ast.Call, names: Mapping[str, Constant]
    ) -> None:
        """Read the assignment of a pattern."""
        if "re" not in self.imported:
            self.add(call.func, "unknown-name", "re is not imported", "write import re above")
            self.unknown.add(key)
            return
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.annotation) not in _PATTERN_TYPES:
            self.add(statement.annotation, "annotation", f"the annotation of {key} does not fit its value")
        pattern = self.making.read(call, names, self.add)
        if pattern is None:
            self.unknown.add(key)
        else:
            self.patterns[key] = pattern

    def in_module(self, name: str) -> bool:
        """Return whether the module has an import, class or function of this name already."""
        return (
            name in self.imported
            or name in self.functions
            or name in self.tables
            or any(found.name == name for found in self.classes)
        )

    def function(self, node: ast.FunctionDef) -> None:
        """Read a function of the module."""
        name = node.name
        if name.startswith("__"):
            return self.add(node, "dunder", f"{name} begins with two underscores")
        if name in self.globals or self.in_module(name):
            self.add(node, "duplicate", f"{name} is defined twice")
        for decorator in node.decorator_list:
            self.add(decorator, "decorator", f"a decorator can replace {name} by anything")
        self.functions[name] = node
        self.without_self(node, f"{name}()")
        self.signature(node, f"{name}()", self.globals)
        return None

    def named_call(self, statement: ast.Assign, name: str, call: ast.Call) -> None:
        """Read ``Point = namedtuple("Point", ["x", "y"])``."""
        module = "namedtuple" if isinstance(call.func, ast.Name) else "collections"
        if module not in self.imported:
            self.add(call.func, "unknown-name", f"{module} is not imported", "write from collections import namedtuple")
            self.unknown.add(name)
            return
        self.named_tuple(statement, name, made_by_call(call, self.add))

    def named_class(self, node: ast.ClassDef) -> None:
        """Read ``class Point(NamedTuple)``."""
        module = "typing" if isinstance(node.bases[0], ast.Attribute) else "NamedTuple"
        if module not in self.imported:
            self.add(node.bases[0], "unknown-name", f"{module} is not imported", "write from typing import NamedTuple")
        self.named_tuple(node, node.name, class_definition(node, self.add))

    def named_tuple(self, node: ast.AST, name: str, definition: Definition | None) -> None:
        """Add the function that makes a tuple with names."""
        if definition is None:
            self.unknown.add(name)
            return
        made = function_of(node, name, definition)
        self.usual(made)
        self.function(made)
        self.tuples[f"{name}()"] = tuple(definition[0])

    def usual(self, statement: ast.stmt) -> ast.stmt:
        """Return a statement with its annotations in their usual form."""
        return usual_annotations(statement, lambda name: name in self.imported or f"{name}()" in self.tuples, self.add)

    def without_self(self, node: ast.FunctionDef, key: str) -> None:
        """Give a function that has no self one, which it does not use."""
        if any(argument.arg == "self" for argument in node.args.args):
            hint = "remove self, or make it a method of the class"
            return self.add(node, "signature", f"{node.name} has a parameter self and is no method", hint)
        node.args.args.insert(0, ast.copy_location(ast.arg("self"), node))
        self.bare.add(key)
        return None

    def signature(self, node: ast.FunctionDef, key: str, names: Mapping[str, Constant]) -> None:
        """Check the parameters of a method or function; ``names`` are the constants that its defaults may use."""
        arguments = node.args
        if arguments.posonlyargs or arguments.kwonlyargs or getattr(node, "type_params", None):
            self.add(node, "signature", f"{node.name} has parameters with / or *, or type parameters")
        for star in (arguments.vararg, arguments.kwarg):
            if star is not None:
                self.add(star, "star", f"{node.name} takes any number of arguments")
        with_default = arguments.args[len(arguments.args) - len(arguments.defaults) :]
        for argument, default in zip(with_default, arguments.defaults, strict=False):
            value = evaluate(default, names)
            if isinstance(value, NotConstant):
                message = f"the default of {argument.arg}: {value.reason}"
                self.add(default, "default", message, "give a constant, or None and test it in the function")
            else:
                self.default_values.setdefault(key, {})[argument.arg] = value
        every = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
        if len(set(every)) < len(every):
            self.add(node, "signature", f"{node.name} has two parameters of one name")
        for argument in arguments.args:
            if argument.arg.startswith("__"):
                self.add(argument, "dunder", f"{argument.arg} begins with two underscores")


def name_of(node: ast.expr) -> str:
    """Return the name that an expression is; an empty text if it is none."""
    return node.id if isinstance(node, ast.Name) else ""
