"""Second pass: what the file consists of: imports, constants, the job class, its parameters, methods and steps."""

from __future__ import annotations

import ast

from totem_sdk.lang.annotations import NO_TYPE, read_annotation
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.holes import bound_names
from totem_sdk.lang.imports import is_main
from totem_sdk.lang.job import Job
from totem_sdk.lang.members import Members
from totem_sdk.lang.modules import name_modules
from totem_sdk.lang.named_tuple_forms import is_class_of_names, is_named_tuple
from totem_sdk.lang.object_rows import takes_objects
from totem_sdk.lang.source import Source
from totem_sdk.lang.steps import first_mapper, read_steps

__all__ = ["read_job"]


class _Reader(Members):
    def module(self, tree: ast.Module) -> None:
        for written in tree.body:
            statement = written if is_class_of_names(written) else self.usual(written)
            match statement:
                case ast.Import() | ast.ImportFrom():
                    self.imports(statement)
                case ast.ClassDef() if is_class_of_names(statement):
                    self.named_class(statement)
                case ast.ClassDef(decorator_list=[ast.Name(id="dataclass") | ast.Call(func=ast.Name(id="dataclass"))]):
                    self.unknown.add(statement.name)
                    hint = f"write class {statement.name}(NamedTuple), of typing, and make another with _replace()"
                    self.add(statement, "named-tuple", f"{statement.name} is a dataclass", hint)
                case ast.ClassDef():
                    self.job_class(statement)
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if is_named_tuple(call):
                    self.named_call(statement, name, call)
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    self.constant(statement, name, value, self.globals, self.globals)
                case ast.Expr(value=ast.Constant(value=str())):
                    pass
                case ast.If() if is_main(statement):
                    pass
                case ast.FunctionDef():
                    self.function(statement)
                case ast.AsyncFunctionDef():
                    self.add(statement, "async", "an async function")
                    self.unknown.add(statement.name)
                case _:
                    self.unknown.update(bound_names(statement))
                    self.add(statement, "module-statement", "this statement may not stand at the top of a job file")


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
    of_mrjob = any(isinstance(base, ast.Name) and base.id == "MRJob" for base in found.bases)
    if of_mrjob and not reader.objects and "json" in reader.imported:
        reader.objects = takes_objects(reader.methods, first_mapper(source, reader.methods))
    lines = of_mrjob and not reader.objects
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
        annotations = [argument.annotation for argument in method.args.args]
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
        reader.tuples,
        of_mrjob and reader.objects,
    )
