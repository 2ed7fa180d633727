"""The members of the job class: parameters, options of mrjob, constants and methods, as part of ``structure``."""

from __future__ import annotations

import ast

from totem_sdk.errors import InternalError
from totem_sdk.lang.constants import Constant, NotConstant, evaluate, type_of
from totem_sdk.lang.definitions import PARAM_TYPES, Definitions, name_of
from totem_sdk.lang.reserved import FUNCTIONS, MRJOB_NAMES, MRJOB_OPTIONS, STEP_FUNCTIONS
from totem_sdk.lang.side_files import LINE_PATTERN, LINES_OF
from totem_sdk.lang.surface import HINTS, OBJECTS, PROTOCOLS, Note, init_of, option_of, statements_of
from totem_sdk.program import ParamSpec, one_nan
from totem_sdk.types import STR

__all__ = ["Members"]

_BASES = {"TotemJob": "totem_sdk", "MRJob": "mrjob.job"}


class Members(Definitions):
    """Reads the job class into what was read so far."""

    def job_class(self, node: ast.ClassDef) -> None:
        """Read the job class, of which a file has one."""
        self.classes.append(node)
        if len(self.classes) > 1:
            return self.add(node, "no-job", f"there is a second class: {node.name}")
        self.class_name(node)
        for decorator in node.decorator_list:
            self.add(decorator, "decorator", "a decorator can replace the class by anything")
        for keyword in node.keywords:
            self.add(keyword, "class-form", f"the class has the keyword {keyword.arg or '**'}")
        match node.bases:
            case [ast.Name(id="TotemJob" | "MRJob" as base)]:
                if base not in self.imported:
                    hint = f"write from {_BASES[base]} import {base} above"
                    self.add(node.bases[0], "unknown-name", f"{base} is not imported", hint)
            case []:
                self.add(node, "no-job", f"{node.name} does not derive from TotemJob or MRJob")
            case [first, *_]:
                self.add(first, "class-form", f"{node.name} must derive from TotemJob or MRJob alone")
        if getattr(node, "type_params", None):
            self.add(node, "class-form", "a job class has no type parameters")
        for statement in node.body:
            self.member(statement)
        return None

    def class_name(self, node: ast.ClassDef) -> None:
        """Check the class's name."""
        if node.name.startswith("__"):
            self.add(node, "dunder", f"{node.name} begins with two underscores")
        if node.name in FUNCTIONS:
            self.add(node, "reserved-name", f"the class has the name of the function {node.name}()")
        if node.name in (*self.globals, *self.imported, *self.functions, *self.tables):
            self.add(node, "duplicate", f"{node.name} is defined twice")

    def note(self, node: ast.AST, message: str) -> None:
        """Note what is accepted and ignored."""
        self.notes.append(Note(self.source.at(node), message))

    def of_mrjob(self, statement: ast.stmt) -> bool:
        """Read a member of the class that tells mrjob something; False if it is none."""
        match statement:
            case ast.FunctionDef(name="__init__"):
                self.init = init_of(statement, self.classes[0].name, self.add)
            case ast.FunctionDef(name="configure_options" | "load_options" as name):
                hint = "write def configure_args(self) with super().configure_args() and self.add_passthru_arg(...)"
                self.add(statement, "option", f"{name} is of mrjob before 0.7", hint)
            case ast.FunctionDef(name="configure_args"):
                for part in statements_of(statement, self.classes[0].name):
                    self.option(part)
            case ast.Assign(targets=[ast.Name(id="FILES")], value=value):
                self.files.read_names(value)
            case ast.Assign(targets=[ast.Name(id=name)]) if name in HINTS:
                self.note(statement, f"{name} tells an engine how to run the job: it is ignored here")
            case ast.Assign(targets=[ast.Name(id="SORT_VALUES")], value=ast.Constant(value=bool() as sorts)):
                self.sorts = sorts
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in PROTOCOLS:
                self.protocol(statement, name, value)
            case _:
                return False
        return True

    def protocol(self, statement: ast.stmt, name: str, value: ast.expr) -> None:
        """Read one of mrjob's protocols."""
        used = name_of(value)
        same, noted = PROTOCOLS[name]
        if used not in (*same, *noted):
            hint = f"remove it, or use one of {', '.join((*same, *noted))}"
            self.add(statement, "option", f"{name} is no protocol that can be used here", hint)
        elif used not in self.imported:
            self.add(value, "unknown-name", f"{used} is not imported", f"write from mrjob.protocol import {used} above")
        elif name == "INPUT_PROTOCOL" and used in OBJECTS:
            self.objects = True
            if any(isinstance(base, ast.Name) and base.id == "TotemJob" for base in self.classes[0].bases):
                hint = "remove it: a TotemJob's rows have columns, row.name; or derive from MRJob"
                self.add(statement, "option", "a TotemJob's rows are no JSON objects", hint)
        elif used in noted:
            self.note(statement, f"{used} is how mrjob writes a result; here it has key and value, as JSON")

    def option(self, statement: ast.stmt) -> None:
        """Read an option of the command line, which is a parameter of the job."""
        param = option_of(statement, {**self.globals, **self.constants}, self.add)
        if param is None:
            return
        if any(known.name == param.name for known in self.params):
            self.add(statement, "duplicate", f"the parameter {param.name} is defined twice")
        self.params.append(param)
        self.options.add(param.name)
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="add_file_arg")) as call):
                self.files.declare(call, param.name)

    def side_files(self) -> None:
        """Put the texts of files beside the data in place of opening them."""
        if "open" in (*self.functions, *self.globals, *self.tables, *self.patterns):
            return
        for method in self.methods.values():
            self.files.rewrite(method)
        for name in self.files.params:
            if name not in self.options:
                if any(param.name == name for param in self.params):
                    self.add(self.classes[0], "duplicate", f"the parameter {name} holds the text of a file")
                self.params.append(ParamSpec(name, STR, None))
                self.options.add(name)
        if self.files.used:
            self.patterns[LINES_OF] = self.making.make(LINE_PATTERN, 0)

    def member(self, statement: ast.stmt) -> None:
        """Read a statement of the class."""
        if self.of_mrjob(statement):
            return
        match statement:
            case ast.FunctionDef():
                self.method(statement)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if _is_param(value):
                    self.unknown.add(f"self.{name}")
                    self.add(statement, "param", f"{name} has no type", f"write {name}: float = Param(...)")
                elif self.named(statement, name):
                    self.constant(statement, name, value, self.constants, {**self.globals, **self.constants})
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                if not self.named(statement, name):
                    pass
                elif _is_param(value):
                    self.param(statement, name, value)
                else:
                    self.constant(statement, name, value, self.constants, {**self.globals, **self.constants})
            case ast.Expr(value=ast.Constant(value=str())) | ast.Pass():
                pass
            case ast.AsyncFunctionDef():
                self.add(statement, "async", "an async method")
            case ast.ClassDef():
                self.add(statement, "class-form", "a class inside the class")
            case _:
                self.add(statement, "class-form", "this statement may not stand in the class")

    def named(self, node: ast.AST, name: str) -> bool:
        """Check a name of the class; False if something was found."""
        if name.startswith("__"):
            hint = "write def mapper_init(self) or reducer_init: fields of self live for one task of that role"
            self.add(node, "dunder", f"{name} has a meaning for Python", hint if name == "__init__" else None)
        elif name in MRJOB_OPTIONS:
            self.add(node, "option", f"{name} changes how mrjob runs the job")
            self.unknown.add(f"self.{name}")
        elif name in MRJOB_NAMES or (name in (*STEP_FUNCTIONS, "steps") and not isinstance(node, ast.FunctionDef)):
            self.add(node, "reserved-name", f"{name} has a meaning for mrjob")
        else:
            return True
        return False

    def param(self, statement: ast.AnnAssign, name: str, call: ast.expr) -> None:
        """Read a parameter of the job."""
        if not isinstance(call, ast.Call):
            raise InternalError("a parameter without a call of Param")
        if "Param" not in self.imported:
            self.add(call, "unknown-name", "Param is not imported", "write from totem_sdk import Param above")
        if (
            name in (*self.constants, *self.methods)
            or f"self.{name}" in self.tables
            or any(p.name == name for p in self.params)
        ):
            self.add(statement, "duplicate", f"{name} is defined twice")
        self.unknown.add(f"self.{name}")
        defaults = self.defaults(call)
        type_ = PARAM_TYPES.get(name_of(statement.annotation))
        if type_ is None:
            return self.add(statement.annotation, "param", f"the type of {name} must be int, float, bool or str")
        if len(defaults) > 1:
            return self.add(call, "param", "Param takes one default")
        value: Constant = None
        if defaults:
            found = evaluate(defaults[0], {**self.globals, **self.constants})
            if isinstance(found, NotConstant) or type_of(found) != type_:
                hint = f"write a constant {type_}"
                return self.add(defaults[0], "param", f"the default of {name} is no constant {type_}", hint)
            value = found
        if isinstance(value, tuple):
            raise InternalError("a parameter's type is a tuple")
        self.params.append(ParamSpec(name, type_, one_nan(value)))
        self.unknown.discard(f"self.{name}")
        return None

    def defaults(self, call: ast.Call) -> list[ast.expr]:
        """Return what a call of Param gives as default; there should be one at most."""
        defaults = list(call.args)
        if len({keyword.arg for keyword in call.keywords}) < len(call.keywords):
            self.add(call, "param", "an argument of Param is given twice")
        for keyword in call.keywords:
            if keyword.arg == "default":
                defaults.append(keyword.value)
            elif not (
                keyword.arg == "help"
                and isinstance(keyword.value, ast.Constant)
                and isinstance(keyword.value.value, str)
            ):
                self.add(keyword, "param", f"Param doesn't take {keyword.arg or '**'} like this")
        return defaults

    def method(self, node: ast.FunctionDef) -> None:
        """Read a method."""
        if not self.named(node, node.name):
            return
        taken = (*self.methods, *self.constants, *(param.name for param in self.params))
        if node.name in taken or f"self.{node.name}" in self.tables:
            self.add(node, "duplicate", f"{node.name} is defined twice")
        self.methods[node.name] = node
        match node.decorator_list:
            case [ast.Name(id="staticmethod")]:
                self.without_self(node, node.name)
            case decorators:
                for decorator in decorators:
                    self.add(decorator, "decorator", f"a decorator can replace {node.name} by anything")
        self.signature(node, node.name, {**self.globals, **self.constants})


def _is_param(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Param"
