"""Fifth pass: types. Goes through the roles of every step until the types of everything in them have settled."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from totem_sdk.lang.annotations import NO_TYPE, accepts, read_annotation
from totem_sdk.lang.boxes import opened, settled, settled_tree
from totem_sdk.lang.callables import arguments_of
from totem_sdk.lang.calls import Reach, self_attributes
from totem_sdk.lang.constants import Constant
from totem_sdk.lang.container_types import Listed
from totem_sdk.lang.expressions import expression
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.flow import analyse
from totem_sdk.lang.flow_state import Setting
from totem_sdk.lang.forms import local_names
from totem_sdk.lang.growth import check_growth
from totem_sdk.lang.holes import bound_names
from totem_sdk.lang.job import Job
from totem_sdk.lang.scope import MAX_HELPERS, FunctionState, Nones, RoleState, Scope, Work, WorkLimitError
from totem_sdk.lang.statements import check_body, check_inner
from totem_sdk.lang.tree import FunctionKey
from totem_sdk.lang.versions import Flow
from totem_sdk.schema import Schema
from totem_sdk.types import NONE, List, Type, Values, after_shuffle, plain

__all__ = ["Checked", "Inputs", "Roles"]

_MAX_PASSES = 24
"""Most passes until types settle; what needs more is refused."""


@dataclass(frozen=True)
class Inputs:
    """What the main function of a role gets, by position: the types of key and value; None for the row.

    ``nones`` are the lines of a yield that may emit None as key and as value, where there is one. ``of_files``: the
    values are lines of files.
    """

    key: Type
    value: Type | None
    nones: Nones = (None, None)
    of_files: bool = False


@dataclass(frozen=True)
class Checked:
    """A checked role: its functions by part (init, main, final), its fields in order, what it emits.

    ``nones`` are the lines of a yield that may emit None as key and as value, where there is one.
    """

    functions: Mapping[str, FunctionState]
    helpers: Mapping[FunctionKey, FunctionState]
    fields: tuple[Type, ...]
    field_names: tuple[str, ...]
    emits: tuple[Type, Type] | None
    nones: Nones


class Roles:
    """Checks the roles of one job; flows of functions are analysed once."""

    def __init__(self, job: Job, schema: Schema, hidden: frozenset[str], reach: Mapping[str, Reach]) -> None:
        self.job = job
        self.schema = schema
        self.hidden = hidden
        self.reach = reach
        self.work = Work()
        self.constants: dict[str, Constant] = {
            **job.globals,
            **{f"self.{name}": value for name, value in job.constants.items()},
        }
        self._constants: dict[int, Mapping[str, Constant]] = {}
        self._flows: dict[tuple[int, str | None, tuple[str, ...]], tuple[Flow, Findings]] = {}

    def flow(
        self, method: ast.FunctionDef, values: str | None, fields: tuple[str, ...], findings: Findings | None
    ) -> Flow:
        """Return the flow of a method in a role, analysed once; its findings go to ``findings``."""
        key = (id(method), values, fields)
        if key not in self._flows:
            found = Findings()
            setting = Setting(self.job.source, self.reach, self.constants, values, fields, results=not self.job.steps)
            self._flows[key] = (analyse(setting, method, found), found)
        flow, found = self._flows[key]
        if findings is not None:
            findings.extend(found)
        return flow

    def check_flows(self, findings: Findings) -> None:
        """Analyse every function that a step uses, and every helper."""
        used: set[str] = set()
        for step in self.job.steps:
            for part, name in step.functions.items():
                used.add(name)
                method = self.job.methods[name]
                values = method.args.args[2].arg if part in ("combiner", "reducer") else None
                self.flow(method, values, fields_of(self.job, method) if part.endswith("_init") else (), findings)
        for name, method in self.job.methods.items():
            if name not in used:
                self.flow(method, None, (), findings)

    def check(
        self,
        functions: Mapping[str, str],
        inputs: Inputs,
        findings: Findings,
        emits: tuple[Type, Type] | None = None,
        *,
        last: bool = False,
    ) -> Checked:
        """Check one role.

        ``functions`` gives the names of its methods by part (init, main, final), in this order; ``emits`` is what it
        emits in any case (where the main function is the identity); ``last``: what it emits is the job's result.
        """
        names = fields_of(self.job, self.job.methods[functions["init"]]) if "init" in functions else ()
        nones = (None, None) if emits is None else inputs.nones
        role = RoleState(self.job, self.schema, self.hidden, self.reach, dict.fromkeys(names), emits, nones)
        role.unites = not last
        role.reader = functions.get("main") if inputs.of_files else None
        came = inputs.value
        read = None if came is None else opened(role.boxes, ("read",), came)
        inputs = replace(inputs, value=read)
        if emits is not None and read is not None:
            role.emits = (emits[0], read)
        states = {part: self._state(part, name, inputs, names) for part, name in functions.items()}
        try:
            self._settle(role, states, inputs, findings)
        except WorkLimitError:
            at = self.job.source.at(self.job.source.tree)
            hint = "use fewer statements, steps and helpers (each counts once for every combination of argument types)"
            findings.add(at, "too-large", "checking the types of the program takes too long", hint)
        if role.boxes.places:
            _settle_types(role, (*states.values(), *role.helpers.values()))
        if not findings and came is not None and read is not None and settled(read) != came:
            at = self.job.source.at(next(iter(states.values())).method)
            message = f"lists that came through a shuffle have items of {_item(came)}, and get others here"
            findings.add(at, "type-conflict", message, "make new lists of them: [item for item in items]")
        if not findings:
            check_growth(states, role.helpers, names, findings)
        return Checked(
            states,
            role.helpers,
            tuple(plain(type_) for type_ in role.fields.values() if type_ is not None),
            names,
            None if role.emits is None else (role.emits[0], after_shuffle(settled(role.emits[1]))),
            role.nones,
        )

    def _state(self, part: str, name: str, inputs: Inputs, fields: tuple[str, ...]) -> FunctionState:
        method = self.job.methods[name]
        parameters = [argument.arg for argument in method.args.args[1:]]
        values = parameters[1] if part == "main" and isinstance(inputs.value, Values) else None
        flow = self.flow(method, values, fields if part == "init" else (), None)
        arguments = dict(zip(parameters, (inputs.key, inputs.value), strict=False)) if part == "main" else {}
        state = FunctionState(name, method, flow, arguments, [None] * len(flow.sources))
        for parameter, line in zip(arguments, inputs.nones, strict=False):
            if line is not None:
                state.nones[flow.variables[flow.parameters[parameter]]] = line
        return state

    def _settle(self, role: RoleState, states: Mapping[str, FunctionState], inputs: Inputs, findings: Findings) -> None:
        passes = 0
        role.helper = lambda key, node: self._helper(role, key, node)
        changed = True
        while changed and passes < _MAX_PASSES:
            role.changed = role.boxes.changed = False
            role.helpers.clear()
            for part, state in states.items():
                of_values = part == "main" and isinstance(inputs.value, Values)
                values = state.method.args.args[2].arg if of_values else None
                if self._pass(role, state, values, in_helper=False):
                    role.changed = True
            changed = role.changed or role.boxes.changed
            passes += 1
            refused = findings or any(state.findings for state in (*states.values(), *role.helpers.values()))
            if not changed and not refused:
                # Where something was refused, what would be in a list is not known.
                changed = role.boxes.close()
        for state in (*states.values(), *role.helpers.values()):
            findings.extend(state.findings)
        if changed:
            self._unsettled(next(iter(states.values())).method, findings)

    def _unsettled(self, method: ast.FunctionDef, findings: Findings) -> None:
        at = self.job.source.at(method)
        findings.add(at, "too-large", "the types of the program don't settle", "annotate variables, x: float = 0.0")

    def _pass(self, role: RoleState, state: FunctionState, values: str | None, *, in_helper: bool) -> bool:
        """Go once through a function; tell whether a type in it has changed."""
        rows = frozenset(name for name, type_ in state.arguments.items() if type_ is None)
        scope = Scope(role, state, self.work, expression, check_inner, rows, values, self._visible(state.method))
        for name, type_ in state.arguments.items():
            if type_ is not None:
                scope.assign(state.method, state.flow.parameters[name], type_)
                scope.know_stored((name,), type_)
        state.body = check_body(scope, in_helper, state.method.body)
        state.findings = scope.findings
        state.columns = frozenset(scope.columns)
        state.calls = tuple(scope.calls)
        return scope.changed

    def _visible(self, method: ast.FunctionDef) -> Mapping[str, Constant]:
        """Return the constants that no variable of the method hides."""
        if id(method) not in self._constants:
            local = local_names(method)
            visible = {name: value for name, value in self.constants.items() if name not in local}
            self._constants[id(method)] = visible
        return self._constants[id(method)]

    def _helper(self, role: RoleState, key: FunctionKey, node: ast.Call) -> FunctionState | None:
        """Check a helper for arguments of these types, once in every pass over the role."""
        if key in role.helpers:
            return role.helpers[key]
        method = self.job.methods[key.name]
        arguments: dict[str, Type | None] = {}
        findings = Findings()
        given, _ = arguments_of(method, node, self.job.defaults.get(key.name, {}))
        for parameter, type_ in zip(method.args.args[1:], key.arguments, strict=True):
            argument = given[parameter.arg]
            declared = None if parameter.annotation is None else read_annotation(parameter.annotation)
            if parameter.annotation is not None and (declared is None or type_ is None):
                at = self.job.source.at(parameter.annotation)
                findings.add(at, "annotation", NO_TYPE)
            elif declared is not None and type_ is not None and not accepts(declared, type_):
                message = f"{method.name} declares {parameter.arg} as {declared}, {type_} is given"
                findings.add(self.job.source.at(node if argument is None else argument), "annotation", message)
            fixed = declared is not None and type_ is not None and not isinstance(type_, Listed)
            arguments[parameter.arg] = declared if fixed else type_
        self.work.step(len(arguments))
        flow = self.flow(method, None, (), None)
        state = FunctionState(method.name, method, flow, arguments, [None] * len(flow.sources))
        role.helpers[key] = state
        if len(role.helpers) > MAX_HELPERS:
            raise WorkLimitError
        changed, passes = True, 0
        while changed and passes < _MAX_PASSES:
            changed = self._pass(role, state, None, in_helper=True)
            passes += 1
        if changed:
            self._unsettled(method, findings)
        if not flow.ends:
            state.returns = NONE  # it never returns: what is called only raises
        state.findings.extend(findings)
        return state


def _item(type_: Type) -> Type:
    """Return the type of an item of the lists that a role reads."""
    while isinstance(type_, Values | List):
        type_ = type_.item
    return type_


def _settle_types(role: RoleState, functions: Iterable[FunctionState]) -> None:
    """Give everything in functions that were checked the types that the program has."""
    for state in functions:
        state.body = settled_tree(state.body)
        state.types = [None if type_ is None else settled(type_) for type_ in state.types]
        state.arguments = {name: None if type_ is None else settled(type_) for name, type_ in state.arguments.items()}
        state.returns = None if state.returns is None else settled(state.returns)
    role.fields.update({name: settled(type_) for name, type_ in role.fields.items() if type_ is not None})


def fields_of(job: Job, init: ast.FunctionDef) -> tuple[str, ...]:
    """Return the fields of self that an _init sets, in order."""
    others = {
        *job.constants,
        *job.methods,
        "steps",
        *(param.name for param in job.params if param.name not in job.options),
    }
    stores = [part for part in self_attributes(init) if isinstance(part.ctx, ast.Store) and part.attr not in others]
    stores.sort(key=lambda part: (part.lineno, part.col_offset))
    refused = [name[5:] for name in bound_names(init) if name.startswith("self.") and name[5:] not in others]
    return tuple(dict.fromkeys((*(part.attr for part in stores), *refused)))
