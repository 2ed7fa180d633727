"""Eighth pass: the functions of all steps, lowered, and the helpers that they call make the Program."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from totem_sdk.errors import InternalError
from totem_sdk.lang.builder import Builder
from totem_sdk.lang.findings import At, Findings
from totem_sdk.lang.job import Job
from totem_sdk.lang.lower import Lowering
from totem_sdk.lang.lower_expressions import Surroundings, caught_type
from totem_sdk.lang.passing import unpack
from totem_sdk.lang.roles import Checked, Inputs, Roles
from totem_sdk.lang.scope import FunctionState
from totem_sdk.lang.sizes import check_size
from totem_sdk.lang.steps import ROLES, StepSource
from totem_sdk.lang.tree import FunctionKey
from totem_sdk.program import Function, Program, Step
from totem_sdk.types import NONE, STR, List, Tuple, Type, has_list, plain, travelling

__all__ = ["Assembly", "CheckedStep", "parts_of"]


@dataclass(frozen=True)
class CheckedStep:
    """A checked step: its roles by name, and the types between."""

    source: StepSource
    roles: dict[str, Checked]
    reads: Inputs
    shuffled: tuple[Type, Type]
    emits: tuple[Type, Type]


def parts_of(step: StepSource, role: str) -> dict[str, str]:
    """Return the names of the methods of one role, by part (init, main, final)."""
    names = {"init": f"{role}_init", "main": role, "final": f"{role}_final"}
    return {part: step.functions[name] for part, name in names.items() if name in step.functions}


@dataclass
class Assembly:
    """Lowers checked steps: the functions of steps first, then helpers in the order in which they are called."""

    job: Job
    roles: Roles
    steps: list[CheckedStep]
    functions: list[Function] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=itertools.count)
    numbers: dict[tuple[int, FunctionKey, bool], int] = field(default_factory=dict)
    pending: list[tuple[int, Checked, FunctionState, bool]] = field(default_factory=list)
    step_functions: int = 0
    findings: Findings = field(default_factory=Findings)

    def program(self) -> Program:
        """Return the Program.

        Raises:
            Refused: a function of it is too large.
        """
        self.step_functions = sum(
            len(parts_of(step.source, role)) for step in self.steps for role in ROLES if role in step.roles
        ) + sum("mapper" not in step.source.functions for step in self.steps)
        steps = [self.step(number, step) for number, step in enumerate(self.steps)]
        while self.pending:
            self.functions.append(self.helper_function(*self.pending.pop(0)))
        self.findings.check()
        return Program(
            self.job.name,
            self.roles.schema,
            self.job.lines,
            self.job.params,
            tuple(self.functions),
            tuple(steps),
        )

    def step(self, number: int, step: CheckedStep) -> Step:
        """Lower the functions of one step."""
        indices: dict[str, int | None] = {}
        for position, role in enumerate(ROLES):
            parts = parts_of(step.source, role) if role in step.roles else {}
            for part in ("init", "main", "final"):
                name = role if part == "main" else f"{role}_{part}"
                indices[name] = None
                if part in parts or name == "mapper":
                    indices[name] = len(self.functions)
                    self.functions.append(self.step_function(number * len(ROLES) + position, step, role, part))
        mapper = indices.pop("mapper")
        if mapper is None:
            raise InternalError("a step without a mapper")
        states = {role: step.roles[role].fields if role in step.roles else () for role in ROLES}
        return Step(
            mapper=mapper,
            **indices,
            shuffled=travelling(step.shuffled) if "reducer" in step.roles else None,
            emits=travelling(step.emits),
            lists=step.emits[1] if has_list(step.emits[1]) else None,
            map_state=states["mapper"],
            combine_state=states["combiner"],
            reduce_state=states["reducer"],
        )

    def lowering(self, role: int, checked: Checked, state: FunctionState, emits: tuple[Type, Type] | None) -> Lowering:
        """Return what lowers a function of a role."""
        fields = dict(zip(checked.field_names, checked.fields, strict=True))
        column_types = tuple(column.type for column in self.roles.schema.columns)

        def helper(key: FunctionKey, catching: bool) -> tuple[int, tuple[int, ...]]:
            called = checked.helpers[key]
            return self.number(role, checked, key, called, catching), tuple(sorted(called.columns))

        return Lowering(Builder(self.ids), state, Surroundings(helper, fields, emits, column_types))

    def number(self, role: int, checked: Checked, key: FunctionKey, state: FunctionState, catching: bool) -> int:
        """Return the number of a helper; one that uses fields of self is there once for each role.

        Where its caller catches errors (``catching``) it is another function, which returns its error.
        """
        reach = self.roles.reach[key.name]
        uses_fields = any(name in reach.loads for name in checked.field_names)
        place = (role if uses_fields else -1, key, catching)
        if place not in self.numbers:
            self.numbers[place] = self.step_functions + len(self.numbers)
            self.pending.append((role, checked, state, catching))
        return self.numbers[place]

    def step_function(self, role_number: int, step: CheckedStep, role: str, part: str) -> Function:
        """Lower a function of a step (or make the identity mapper where it has none)."""
        checked = step.roles[role]
        emits = step.emits if role == "reducer" else step.shuffled
        if part not in checked.functions:
            return self.identity(step)
        state = checked.functions[part]
        low = self.lowering(role_number, checked, state, emits)
        low.start()
        low.build.block()
        if part != "init":
            self.collect(low, checked, state)
        if part == "main":
            self.read(low, step, role, state)
        low.body(state.body)
        at = self.job.source.at(state.method)
        return self.sized(Function(state.name, at.line, tuple(low.build.registers), (), None, low.build.body()), at)

    def collect(self, low: Lowering, checked: Checked, state: FunctionState) -> None:
        """Begin a call of a role that keeps lists on self: what other calls have left is given up now and then."""
        kept = [number for number, type_ in enumerate(checked.fields) if isinstance(type_, List)]
        if kept:
            type_ = Tuple(tuple(checked.fields[number] for number in kept))
            low.build.op("collect", type_, None, (), self.job.source.at(state.method), imm=tuple(kept))

    def sized(self, function: Function, at: At) -> Function:
        """Return the function; find it too large if it is."""
        check_size(function, at, self.findings)
        return function

    def read(self, low: Lowering, step: CheckedStep, role: str, state: FunctionState) -> None:
        """Read the row, pair or group, and give the parameters that are used their values."""
        at = self.job.source.at(state.method)
        key, value = list(state.arguments)
        used = {state.flow.variables[version] for version in state.flow.reads.values()}
        uses_key, uses_value = (state.flow.variables[state.flow.parameters[name]] in used for name in (key, value))
        build = low.build
        if role != "mapper":
            group_key = self.parameter(low, state, key)
            build.op("read_key", step.shuffled[0], group_key, (), at)
            self.widen_parameter(low, state, key, group_key, at)
            return
        if step is not self.steps[0]:
            if step.reads.value is None:
                raise InternalError("a later step reads rows")
            build.op("read_pair", Tuple(travelling((step.reads.key, step.reads.value))), None, (), at)
            codes = [("pair_key", step.reads.key), ("pair_value", step.reads.value)]
        elif self.job.lines:
            used_columns = state.columns | {0} if uses_value else state.columns
            build.op("read_row", NONE, None, (), at, imm=tuple(sorted(used_columns)))
            codes = [("const", NONE), ("column", STR)]
        else:
            columns = tuple(sorted(state.columns))
            build.op("read_row", NONE, None, (), at, imm=columns)
            codes, uses_value = [("const", NONE), ("", NONE)], False
        for name, used_here, (code, type_) in zip((key, value), (uses_key, uses_value), codes, strict=True):
            if used_here:
                register = self.parameter(low, state, name)
                imm = {"const": (None,), "column": (0,)}.get(code, ())
                if has_list(type_):
                    text = build.register(STR)
                    build.op(code, STR, text, (), at)
                    unpack(build, text, type_, register, at)
                else:
                    build.op(code, type_, register, (), at, imm=imm)
                self.widen_parameter(low, state, name, register, at)

    def parameter(self, low: Lowering, state: FunctionState, name: str) -> int:
        """Return the register in which a parameter arrives: its variable's, if that has the same type."""
        type_ = state.arguments[name]
        version = state.flow.parameters[name]
        if type_ is None:
            raise InternalError("the row has no register")
        same = state.types[state.flow.variables[version]] == type_
        return low.variable(version) if same else low.build.register(type_)

    def widen_parameter(self, low: Lowering, state: FunctionState, name: str, register: int, at: At) -> None:
        """Bring a parameter into its variable, if that has a wider type."""
        variable = low.variable(state.flow.parameters[name])
        if variable != register:
            low.build.op("widen", low.build.registers[register], variable, (register,), at)

    def identity(self, step: CheckedStep) -> Function:
        """Return the mapper of a step that has none: it emits what it reads."""
        build = Builder(self.ids)
        at = self.job.source.at(step.source.node)
        build.block()
        if step.reads.value is None:
            raise InternalError("the identity of a row")
        key_type, value_type = travelling((step.reads.key, step.reads.value))
        shuffled = travelling(step.shuffled)
        key, value = build.register(key_type), build.register(value_type)
        if step is self.steps[0]:
            build.op("read_row", NONE, None, (), at, imm=(0,))
            build.op("const", NONE, key, (), at, imm=(None,))
            build.op("column", STR, value, (), at, imm=(0,))
        else:
            build.op("read_pair", Tuple((key_type, value_type)), None, (), at)
            build.op("pair_key", key_type, key, (), at)
            build.op("pair_value", value_type, value, (), at)
        args = []
        for register, type_, wider in ((key, key_type, shuffled[0]), (value, value_type, shuffled[1])):
            args.append(register if type_ == wider else build.register(wider))
            if type_ != wider:
                build.op("widen", type_, args[-1], (register,), at)
        build.op("emit", Tuple(shuffled), None, tuple(args), at)
        return Function("mapper", at.line, tuple(build.registers), (), None, build.body())

    def helper_function(self, role: int, checked: Checked, state: FunctionState, catching: bool) -> Function:
        """Lower a helper; columns of the row that it was given arrive as further parameters."""
        low = self.lowering(role, checked, state, None)
        low.catching = catching
        low.start()
        at = self.job.source.at(state.method)
        names = [name for name, type_ in state.arguments.items() if type_ is not None]
        params = [self.parameter(low, state, name) for name in names]
        for position in sorted(state.columns):
            low.columns[position] = low.build.register(low.around.column_types[position])
        low.build.block()
        for name, register in zip(names, params, strict=True):
            self.widen_parameter(low, state, name, register, at)
        low.body(state.body)
        returns = None if state.returns == NONE else state.returns
        if catching:
            returns = caught_type(state.returns or NONE)
        if returns is not None and state.falls:
            low.give_back(None, at)
        parameters = (*params, *low.columns.values())
        registers = tuple(low.build.registers)
        returns = None if returns is None else plain(returns)
        return self.sized(Function(state.name, at.line, registers, parameters, returns, low.build.body()), at)
