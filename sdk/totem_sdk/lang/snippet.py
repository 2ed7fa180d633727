"""Bare statements as a program: what ``totem disassemble`` shows of a snippet."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from totem_sdk.errors import InternalError
from totem_sdk.lang.builder import Builder
from totem_sdk.lang.calls import reach_of
from totem_sdk.lang.findings import At, Findings, too_deep
from totem_sdk.lang.forms import Names, check_forms
from totem_sdk.lang.job import Job
from totem_sdk.lang.lower import Lowering
from totem_sdk.lang.lower_expressions import Surroundings
from totem_sdk.lang.rewrite import rewrite
from totem_sdk.lang.roles import Inputs, Roles
from totem_sdk.lang.sizes import check_size
from totem_sdk.lang.source import parse
from totem_sdk.lang.tree import FunctionKey
from totem_sdk.program import Function, Program, Step
from totem_sdk.schema import LINES
from totem_sdk.types import NONE

__all__ = ["Snippet", "compile_snippet"]

_NAME = "snippet"


@dataclass(frozen=True)
class Snippet:
    """A compiled snippet.

    ``program`` has one step whose mapper is the snippet; it reads nothing. ``names`` gives the names of the variables
    that have a value at its end, by the register that holds it.
    """

    program: Program
    names: Mapping[int, str]


def compile_snippet(source: str, *, filename: str = "snippet.py") -> Snippet:
    """Compile bare statements.

    Raises:
        Refused: the source is not accepted; it carries what could be found at once.
    """
    try:
        return _compile(source, filename)
    except RecursionError:
        # As in compile_job: how much of the stack is left is the caller's affair.
        raise too_deep() from None


def _compile(source: str, filename: str) -> Snippet:
    findings = Findings()
    parsed = parse(source, filename, findings)
    arguments = ast.arguments(posonlyargs=[], args=[ast.arg("self")], kwonlyargs=[], kw_defaults=[], defaults=[])
    function = ast.FunctionDef(_NAME, arguments, parsed.tree.body, [])
    methods = {_NAME: function}
    job = Job(parsed, _NAME, True, {}, {}, (), methods, ())
    rewrite(parsed, function, ((), (), frozenset()), None, findings)
    check_forms(parsed, function, Names({}, _NAME, ()), findings)
    reach = reach_of(parsed, methods, findings)
    findings.check()
    roles = Roles(job, LINES, frozenset(), reach)
    flow = roles.flow(function, None, (), findings)
    findings.check()
    # Like a mapper_final: it has no parameters and reads nothing.
    checked = roles.check({"final": _NAME}, Inputs(NONE, None), findings)
    findings.check()
    state = checked.functions["final"]
    emits = checked.emits or (NONE, NONE)
    low = Lowering(Builder(itertools.count()), state, Surroundings(_no_helper, {}, emits, ()))
    low.start()
    low.build.block()
    low.body(state.body)
    names = {low.variable(version): name for name, version in flow.final.items()}
    compiled = Function(_NAME, 1, tuple(low.build.registers), (), None, low.build.body())
    check_size(compiled, At(1, 1), findings)
    findings.check()
    step = Step(0, None, None, None, None, None, None, None, None, None, emits)
    return Snippet(Program(_NAME, LINES, True, (), (compiled,), (step,)), names)


def _no_helper(key: FunctionKey, _catching: bool) -> tuple[int, tuple[int, ...]]:
    raise InternalError(f"a snippet calls the helper {key.name}")
