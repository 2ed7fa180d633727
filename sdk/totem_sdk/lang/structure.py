"""Second pass: what the file consists of: imports, constants, the job class, its parameters, methods and steps."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from totem_sdk.errors import InternalError
from totem_sdk.lang.annotations import NO_TYPE, read_annotation
from totem_sdk.lang.constants import HALF, Constant, NotConstant, evaluate, type_of
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.holes import bound_names
from totem_sdk.lang.modules import DATE_MODULE, DATES, MATH, constants_of, name_modules
from totem_sdk.lang.patterns import Patterns, compiled_call
from totem_sdk.lang.reserved import COLLECTIONS, FUNCTIONS, MRJOB_NAMES, MRJOB_OPTIONS, STEP_FUNCTIONS
from totem_sdk.lang.side_files import LINE_PATTERN, LINES_OF, SideFiles
from totem_sdk.lang.source import Source
from totem_sdk.lang.steps import StepSource, read_steps
from totem_sdk.lang.surface import HINTS, PROTOCOL_NAMES, PROTOCOLS, Note, init_of, option_of, statements_of
from totem_sdk.lang.tables import field_of, is_table, table_of, unknown_names
from totem_sdk.program import ParamSpec, one_nan
from totem_sdk.regex import Pattern
from totem_sdk.types import BOOL, FLOAT, INT, STR, Type

__all__ = ["Job", "read_job"]

_IMPORTS: dict[str, Collection[str]] = {
    "totem_sdk": ("TotemJob", "Param"),
    "mrjob.compat": ("jobconf_from_env",),
    "mrjob.job": ("MRJob",),
    "mrjob.protocol": PROTOCOL_NAMES,
    "mrjob.step": ("MRStep",),
    "math": MATH,
    "collections": COLLECTIONS,
    "datetime": DATES,
    "": ("collections", "datetime", "json", "math", "re"),
}
"""What can be imported from which module; from none: modules."""
_PATTERN_TYPES = ("re.Pattern", "re.Pattern[str]")
_BASES = {"TotemJob": "totem_sdk", "MRJob": "mrjob.job"}
_PARAM_TYPES: dict[str, Type] = {"int": INT, "float": FLOAT, "bool": BOOL, "str": STR}


@dataclass(frozen=True)
class Job:
    """A job as its source has it.

    ``lines``: it derives from mrjob's MRJob and gets raw lines. ``constants`` are the class's, ``globals`` the
    module's. ``unknown`` are names of the module, and of the class as ``self.NAME``, whose definition was refused.
    ``functions`` are the names of the module's functions: ``methods`` has each, with ``()`` behind its name.
    ``patterns`` are the constants made by re.compile(), those of the class as ``self.NAME``; ``globals`` and
    ``constants`` have None for them. ``modules`` are the modules that are imported whole: re.
    ``making`` makes patterns. ``tables`` are what sets the fields for the lists, dicts and sets of the module and, as
    ``self.NAME``, of the class.
    ``bare`` are the methods without a self of their own. ``defaults`` are those of parameters, by method.
    ``options`` are the names of job parameters that are read as ``self.options.NAME``. ``init`` is ``__init__``.
    ``files`` are the parameters that hold the text of a file, each with the path of the one beside the source that is
    read where the submission gives none (None: it must).
    """

    source: Source
    name: str
    lines: bool
    globals: Mapping[str, Constant]
    constants: Mapping[str, Constant]
    params: tuple[ParamSpec, ...]
    methods: Mapping[str, ast.FunctionDef]
    steps: tuple[StepSource, ...]
    unknown: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    bare: frozenset[str] = frozenset()
    defaults: Mapping[str, Mapping[str, Constant]] = field(default_factory=dict)
    options: frozenset[str] = frozenset()
    init: ast.FunctionDef | None = None
    notes: tuple[Note, ...] = ()
    patterns: Mapping[str, Pattern] = field(default_factory=dict)
    modules: frozenset[str] = frozenset()
    making: Patterns = field(default_factory=lambda: Patterns(()))
    tables: Mapping[str, ast.Assign | ast.AnnAssign] = field(default_factory=dict)
    sorts: bool = False
    files: Mapping[str, str | None] = field(default_factory=dict)

    def has_param(self, name: str) -> bool:
        """Return whether a job parameter is an attribute of self (one of ``self.options`` is not)."""
        return name not in self.options and any(param.name == name for param in self.params)


@dataclass
class _Reader:
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

    def __post_init__(self) -> None:
        self.files = SideFiles(self.add)
        self.making = Patterns(self.source.lines)

    def add(self, node: ast.AST, code: str, message: str, hint: str | None = None) -> None:
        self.findings.add(self.source.at(node), code, message, hint)

    # The module.

    def module(self, tree: ast.Module) -> None:
        for statement in tree.body:
            match statement:
                case ast.Import() | ast.ImportFrom():
                    self.imports(statement)
                case ast.ClassDef():
                    self.job_class(statement)
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    self.constant(statement, name, value, self.globals, self.globals)
                case ast.Expr(value=ast.Constant(value=str())):
                    pass
                case ast.If() if self.is_call_of_run(statement):
                    pass
                case ast.FunctionDef():
                    self.function(statement)
                case ast.AsyncFunctionDef():
                    self.add(statement, "async", "an async function")
                    self.unknown.add(statement.name)
                case _:
                    self.unknown.update(bound_names(statement))
                    self.add(statement, "module-statement", "this statement may not stand at the top of a job file")

    def imports(self, statement: ast.Import | ast.ImportFrom) -> None:
        module = statement.module if isinstance(statement, ast.ImportFrom) and statement.level == 0 else None
        known = _IMPORTS.get(module or "", ()) if module or isinstance(statement, ast.Import) else ()
        for alias in statement.names:
            if alias.name in known and alias.asname in (None, alias.name):
                self.imported.add(alias.name if module or alias.name != "datetime" else DATE_MODULE)
                if {"datetime", DATE_MODULE} <= self.imported:
                    self.add(alias, "duplicate", "datetime is the module and the class")
                if module in (None, "math"):
                    self.globals.update(constants_of(alias.name))
                    self.from_math |= {alias.name} if module else set()
            elif alias.name in known:
                self.add(alias, "import", f"{alias.name} is imported under another name", "import it without 'as'")
            else:
                what = f"{module}.{alias.name}" if module else alias.name
                self.add(alias, "import", f"a job can't import {what}")
                self.unknown.add(alias.asname or alias.name.partition(".")[0])

    def is_call_of_run(self, statement: ast.If) -> bool:
        match statement:
            case ast.If(
                test=ast.Compare(
                    left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]
                ),
                body=[
                    ast.Expr(
                        value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="run"), args=[], keywords=[])
                    )
                ],
                orelse=[],
            ):
                return any(found.name == name for found in self.classes)
        return False

    def constant(
        self,
        statement: ast.Assign | ast.AnnAssign,
        name: str,
        node: ast.expr,
        into: dict[str, Constant],
        names: Mapping[str, Constant],
    ) -> None:
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
        if isinstance(statement, ast.AnnAssign) and _PARAM_TYPES.get(_name(statement.annotation)) != type_of(value):
            self.add(statement.annotation, "annotation", f"the annotation of {name} does not fit its value")
        into[name] = value
        return None

    def pattern(
        self, statement: ast.Assign | ast.AnnAssign, key: str, call: ast.Call, names: Mapping[str, Constant]
    ) -> None:
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

    def without_self(self, node: ast.FunctionDef, key: str) -> None:
        """Give a function that has no self one, which it does not use."""
        if any(argument.arg == "self" for argument in node.args.args):
            hint = "remove self, or make it a method of the class"
            return self.add(node, "signature", f"{node.name} has a parameter self and is no method", hint)
        node.args.args.insert(0, ast.copy_location(ast.arg("self"), node))
        self.bare.add(key)
        return None

    # The class.

    def job_class(self, node: ast.ClassDef) -> None:
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
        if node.name.startswith("__"):
            self.add(node, "dunder", f"{node.name} begins with two underscores")
        if node.name in FUNCTIONS:
            self.add(node, "reserved-name", f"the class has the name of the function {node.name}()")
        if node.name in (*self.globals, *self.imported, *self.functions, *self.tables):
            self.add(node, "duplicate", f"{node.name} is defined twice")

    def note(self, node: ast.AST, message: str) -> None:
        self.notes.append(Note(self.source.at(node), message))

    def of_mrjob(self, statement: ast.stmt) -> bool:
        """Read a member of the class that tells mrjob something; False if it is none."""
        match statement:
            case ast.FunctionDef(name="__init__"):
                self.init = init_of(statement, self.classes[0].name, self.add)
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
        used = _name(value)
        same, noted = PROTOCOLS[name]
        if used not in (*same, *noted):
            hint = f"remove it, or use one of {', '.join((*same, *noted))}"
            self.add(statement, "option", f"{name} is no protocol that can be used here", hint)
        elif used not in self.imported:
            self.add(value, "unknown-name", f"{used} is not imported", f"write from mrjob.protocol import {used} above")
        elif used in noted:
            self.note(statement, f"{used} is how mrjob writes a result; here it has key and value, as JSON")

    def option(self, statement: ast.stmt) -> None:
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
        type_ = _PARAM_TYPES.get(_name(statement.annotation))
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


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _is_param(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Param"


def read_job(source: Source, findings: Findings) -> Job | None:
    """Return the job that a source defines, as far as it could be read; None where there is no class.

    What is wrong is added to ``findings``.
    """
    reader = _Reader(source, findings)
    reader.module(source.tree)
    if reader.classes:
        reader.side_files()
    for method in (*reader.methods.values(), *reader.functions.values(), *([reader.init] if reader.init else [])):
        name_modules(method, frozenset(reader.imported - reader.from_math), frozenset(reader.from_math))
    if not reader.classes:
        reader.add(source.tree, "no-job", "there is no job class")
        return None
    found = reader.classes[0]
    lines = any(isinstance(base, ast.Name) and base.id == "MRJob" for base in found.bases)
    steps = read_steps(
        source, found, reader.methods, findings, imported="MRStep" in reader.imported, lines=lines, notes=reader.notes
    )
    used = {name for step in steps for name in step.functions.values()}
    functions = {f"{name}()": node for name, node in reader.functions.items()}
    for name, method in (*reader.methods.items(), *functions.items()):
        parameters = [argument.arg for argument in (*method.args.posonlyargs, *method.args.args)]
        if name not in used and parameters[:1] != ["self"]:
            hint = f"write def {name}({', '.join(('self', *parameters))})"
            reader.add(method, "signature", f"the first parameter of {name} is not self", hint)
        elif name == "steps" and len(parameters) > 1:
            reader.add(method, "signature", "steps takes nothing but self", "write def steps(self)")
        annotations = [argument.annotation for argument in method.args.args if name not in used]
        for annotation in (*annotations, method.returns):
            if annotation is not None and read_annotation(annotation) is None:
                reader.add(annotation, "annotation", NO_TYPE)
    return Job(
        source,
        found.name,
        lines,
        {**reader.globals, **{name: None for name in reader.patterns if not name.startswith("self.")}},
        {**reader.constants, **{name[5:]: None for name in reader.patterns if name.startswith("self.")}},
        tuple(reader.params),
        {name: node for name, node in (*reader.methods.items(), *functions.items()) if name != "steps"},
        steps,
        frozenset(reader.unknown),
        frozenset(reader.functions),
        frozenset(reader.bare),
        reader.default_values,
        frozenset(reader.options),
        reader.init,
        tuple(reader.notes),
        reader.patterns,
        frozenset({"re"} & reader.imported),
        reader.making,
        reader.tables,
        reader.sorts,
        reader.files.params,
    )
