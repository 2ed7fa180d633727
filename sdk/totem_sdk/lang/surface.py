"""What real mrjob programs have beside their steps: ``__init__``, ``configure_args``, hints for engines, counters.

``__init__`` sets fields that every role begins with, as if its statements stood at the top of the role's ``_init``;
``configure_args`` declares job parameters that are read as ``self.options.name``. Hints and counters change nothing
here: they are accepted with a note.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from totem_sdk.lang.constants import Constant, NotConstant, evaluate, type_of
from totem_sdk.lang.findings import At
from totem_sdk.program import ParamSpec
from totem_sdk.types import BOOL, FLOAT, INT, STR, Type

__all__ = [
    "HINTS",
    "IGNORED_CALLS",
    "OBJECTS",
    "PROTOCOLS",
    "PROTOCOL_NAMES",
    "Note",
    "Refuse",
    "init_of",
    "option_of",
    "statements_of",
]

HINTS = frozenset(("HADOOP_INPUT_FORMAT", "HADOOP_OUTPUT_FORMAT", "JOBCONF", "LIBJARS", "PARTITIONER"))
"""Attributes of a job that tell an engine how to run it."""

_JSON = ("JSONProtocol", "StandardJSONProtocol", "SimpleJSONProtocol", "UltraJSONProtocol", "RapidJSONProtocol")
_VALUES = ("RawValueProtocol", "TextValueProtocol")
OBJECTS = tuple(name.replace("JSON", "JSONValue") for name in _JSON)
"""The protocols by which each line of the input is a JSON object."""
_OTHERS = (*OBJECTS, "RawProtocol", "TextProtocol")

PROTOCOLS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "INPUT_PROTOCOL": ((*_VALUES, *OBJECTS), ()),
    "INTERNAL_PROTOCOL": (_JSON, ()),
    "OUTPUT_PROTOCOL": (_JSON, (*_VALUES, *_OTHERS)),
}
"""Of mrjob's protocols, those that say what holds here anyway, and those that are accepted with a note."""

PROTOCOL_NAMES = (*_JSON, *_VALUES, *_OTHERS)
"""What can be imported from ``mrjob.protocol``."""

IGNORED_CALLS = ("increment_counter", "set_status")
"""Methods of mrjob that report while a job runs: their arguments are evaluated, nothing is reported."""

_TYPES: dict[str, Type] = {"int": INT, "float": FLOAT, "str": STR}

Refuse = Callable[[ast.AST, str, str, str | None], None]
"""Adds a finding: place, code, message, hint."""


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something in a program that is accepted and has no effect here."""

    at: At
    message: str


def statements_of(method: ast.FunctionDef, job: str) -> list[ast.stmt]:
    """Return what a method does beside its docstring and the call of the same method of its base class."""
    return [statement for statement in method.body if not _is_idle(statement, method.name, job)]


def _is_idle(statement: ast.stmt, method: str, job: str) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=of), attr=attr))
        ):
            names = [part.id for part in of if isinstance(part, ast.Name)]
            return attr == method and names in ([], [job, "self"]) and len(names) == len(of)
    return False


def init_of(method: ast.FunctionDef, job: str, refuse: Refuse) -> ast.FunctionDef:
    """Return ``__init__`` as a function that sets fields and does nothing else."""
    body = statements_of(method, job)
    handed_on = any(
        isinstance(part, ast.Expr) and isinstance(part.value, ast.Call) and part not in body for part in method.body
    )
    if not handed_on or method.args.vararg is None or method.args.kwarg is None:
        hint = "def __init__(self, *args, **kwargs): super().__init__(*args, **kwargs) …; or set them in mapper_init"
        refuse(method, "class-form", "__init__ does not hand on what it is given", hint)
    for statement in body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        of_self = all(
            isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
            for target in targets
        )
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or not of_self:
            refuse(statement, "class-form", "__init__ does more than call super and set fields of self", None)
    arguments = ast.arguments(posonlyargs=[], args=[ast.arg("self")], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.copy_location(ast.FunctionDef("__init__", arguments, body or [ast.Pass()], []), method)


def option_of(statement: ast.stmt, constants: Mapping[str, Constant], refuse: Refuse) -> ParamSpec | None:
    """Return the parameter that a statement of ``configure_args`` declares."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr="add_passthru_arg")) as call):
            return _passthru(call, constants, refuse)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr="add_file_arg")) as call):
            # What the option names is a file: its text is the parameter, which no constant can be the default of.
            named = [keyword for keyword in call.keywords if keyword.arg != "default"]
            param = _passthru(ast.copy_location(ast.Call(call.func, call.args, named), call), constants, refuse)
            if param is None or param.type == STR:
                return param
            refuse(call, "param", f"the parameter {param.name} is a file and no {param.type}", None)
        case _:
            refuse(statement, "option", "configure_args does more than call super and add_passthru_arg", None)
    return None


def _passthru(call: ast.Call, constants: Mapping[str, Constant], refuse: Refuse) -> ParamSpec | None:
    names = [part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    long = [name for name in names if name.startswith("--") and len(name) > 2]
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    unknown = set(given) - {"type", "default", "help", "dest", "metavar", "action", "required"}
    dest = given.get("dest")
    if not long or len(names) < len(call.args) or unknown or not (dest is None or isinstance(dest, ast.Constant)):
        what = f"the argument {min(map(str, unknown))}" if unknown else "a name other than --name"
        refuse(
            call, "param", f"add_passthru_arg with {what}", "write self.add_passthru_arg('--name', type=int, default=1)"
        )
        return None
    name = str(dest.value) if isinstance(dest, ast.Constant) else long[0][2:].replace("-", "_")
    if not name.isidentifier() or not name.isascii() or name.startswith("__"):
        refuse(call, "param", f"the parameter's name {name} is no name in Python", None)
        return None
    type_ = _type(given)
    if type_ is None:
        hint = "the type is int, float or str; or action='store_true'"
        refuse(call, "param", f"the parameter {name} is of another type", hint)
        return None
    value = evaluate(given["default"], constants) if "default" in given else (_flag(given) if type_ == BOOL else None)
    if value is None:
        return ParamSpec(name, type_, None)
    if isinstance(value, NotConstant | tuple) or type_of(value) != type_:
        refuse(given["default"], "param", f"the default of {name} is no constant {type_}", f"write a constant {type_}")
        return None
    return ParamSpec(name, type_, value)


def _flag(given: Mapping[str | None, ast.expr]) -> bool:
    action = given["action"]
    return isinstance(action, ast.Constant) and action.value == "store_false"


def _type(given: Mapping[str | None, ast.expr]) -> Type | None:
    match given.get("type"), given.get("action"):
        case None, None:
            return STR
        case ast.Name(id=name), None:
            return _TYPES.get(name)
        case None, ast.Constant(value="store_true" | "store_false"):
            return BOOL
    return None
