"""Drives a consumer's actual Python class on the machine's schedule: the third executor, for tests.

It loads and runs the consumer's source in this very process, so it is for tests and for one's own jobs on one's own
data: never use it on a provider. What it shares with the abstract machine is the schedule (tasks, groups and their
order, JSON between phases), the exact ``sum``, where ``sorted`` puts NaN, and where functions of floats come from;
everything else is CPython.
"""

from __future__ import annotations

import copy
import functools
import io
import json
import os
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from mrjob.step import MRStep

from totem_sdk.cpython_math import prepare, with_powers
from totem_sdk.errors import InvalidDocument
from totem_sdk.interpreter import Pair, group_pairs, partition_groups
from totem_sdk.interpreter.arithmetic import exact_float_sum
from totem_sdk.interpreter.lists import SORT_KEY
from totem_sdk.lang import files_of
from totem_sdk.lang.surface import OBJECTS
from totem_sdk.param import declared
from totem_sdk.program import Program, Value
from totem_sdk.rows import row_class
from totem_sdk.values import canonical_json

__all__ = ["CPythonJob", "load_job"]

_FILE = "mapreduce_map_input_file"
"""The variable of the environment in which mrjob's tasks find the file that they read."""


def _machine_sum(values: Iterable[Any], start: Any = 0) -> Any:
    """Return the machine's sum: of ints exact, else correctly rounded."""
    items = list(values) if start == 0 and isinstance(start, int) else [start, *values]
    return sum(items) if all(isinstance(item, int) for item in items) else exact_float_sum(items)


def _machine_sorted(
    values: Iterable[Any], *, key: Callable[[Any], Any] | None = None, reverse: bool = False
) -> list[Any]:
    """Return the values sorted as the machine does: NaN comes last."""
    return sorted(values, key=lambda value: SORT_KEY(value if key is None else key(value)), reverse=reverse)


def load_job(source: str, filename: str = "job.py") -> type:
    """Execute a module and return its job class, with ``sum``, ``sorted``, ``math`` and ``**`` as the machine has them.

    Raises:
        InvalidDocument: the module doesn't define exactly one job class.
    """
    module = types.ModuleType("consumer_job")
    module.__dict__["sum"] = _machine_sum
    module.__dict__["sorted"] = _machine_sorted
    prepare(module)
    exec(compile(with_powers(source, filename), filename, "exec"), module.__dict__)  # noqa: S102 - its purpose
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and not issubclass(value, tuple)
    ]
    if len(found) != 1:
        raise InvalidDocument(f"{filename}: expected one job class, found {len(found)}")
    (job,) = found
    if not hasattr(job, "mr"):
        job.mr = staticmethod(MRStep)  # type: ignore[attr-defined]  # as mrjob had it before 0.7
    return job


class CPythonJob:
    """A consumer's job class on the machine's schedule.

    ``program`` is what the source was compiled to: it knows the columns, whether the job gets raw lines, and how many
    partitions each shuffle has. ``params`` are bound ones (``totem_sdk.parameters.bind``).
    """

    def __init__(self, source: str, program: Program, params: Mapping[str, Value], filename: str = "job.py") -> None:
        self._program = program
        job = load_job(source, filename)
        names = [column.name for column in program.schema.columns]
        protocol = str(getattr(getattr(job, "INPUT_PROTOCOL", None), "__name__", ""))
        typed: Callable[..., Any] = row_class(program.schema)
        if protocol in OBJECTS:
            typed = functools.partial(_object, names)
        elif all(base.__name__ != "TotemJob" for base in job.__mro__):
            typed = functools.partial(_json_line, names)
        self._row: Callable[..., Any] = _line if program.lines else typed
        self._tables = list(_tables(job))
        files = files_of(source, filename=filename)
        texts = {PurePosixPath(path).name: str(params[name]) for name, path in files.items() if path}
        _give_files(job, {**texts, **{name: str(params[name]) for name in files}})
        self._sorts = bool(getattr(job, "SORT_VALUES", False))
        self._template = job(args=[])
        for name, value in params.items():
            # Parameters that configure_args declares are attributes of the options.
            owner = self._template if name in declared(type(self._template)) else self._template.options
            setattr(owner, name, name if name in files else value)

    def run(self, fragments: Iterable[Iterable[Sequence[Any]]]) -> list[Pair]:
        """Run the job over the rows of each fragment and return its result, with lists where JSON has them."""
        tasks: list[Iterable[Pair]] = [((None, self._row(*row)) for row in rows) for rows in fragments]
        for number, step in enumerate(self._program.steps):
            emitted = [self._map(number, pairs) for pairs in tasks]
            if step.reducer is not None:
                groups = partition_groups((pair for pairs in emitted for pair in pairs), step.partitions)
                emitted = [self._reduce(number, "reducer", task) for task in groups]
            tasks = list(emitted)
        return [pair for task in tasks for pair in task]

    def _step(self, number: int) -> Any:
        """Return a step of a fresh job: what a task keeps on self, and in module and class, is its own."""
        for keep, name, value in self._tables:
            keep(name, copy.deepcopy(value))
        return copy.copy(self._template).steps()[number]

    def _map(self, number: int, pairs: Iterable[Pair]) -> list[Pair]:
        step = self._step(number)
        emits = _call(step["mapper_init"])
        for key, value in pairs:
            emits += _call(step["mapper"], key, value)
        emits += _call(step["mapper_final"])
        emits = _through_json(emits)
        if self._program.steps[number].combiner is None:
            return emits
        return self._reduce(number, "combiner", group_pairs(emits))

    def _reduce(self, number: int, role: str, groups: Iterable[tuple[Any, Sequence[Any]]]) -> list[Pair]:
        step = self._step(number)
        emits = _call(step[f"{role}_init"])
        for key, values in groups:
            emits += _call(step[role], key, iter(sorted(values, key=json.dumps) if self._sorts else values))
        emits += _call(step[f"{role}_final"])
        return _through_json(emits)


def _line(line: str, file: str | None = None) -> str:
    """Return the line of a row; the file that it is from is where mrjob looks for it."""
    if file is not None:
        os.environ[_FILE] = file
    return line


def _object(names: Sequence[str], *values: Any) -> dict[str, Any]:
    """Return the JSON object that a row is to mrjob: what has no value is not there."""
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _json_line(names: Sequence[str], *values: Any) -> str:
    return json.dumps(_object(names, *values))


def _module_of(job: type) -> dict[str, Any]:
    return next(value.__globals__ for value in vars(job).values() if isinstance(value, types.FunctionType))


def _tables(job: type) -> Iterator[tuple[Callable[[str, Any], None], str, Any]]:
    """Yield the containers of a job's class and module: what puts one back, its name, and what it is at first."""
    of_module = _module_of(job)
    for keep, names in ((functools.partial(setattr, job), vars(job)), (of_module.__setitem__, of_module)):
        for name, value in tuple(names.items()):
            if isinstance(value, list | dict | set) and not name.startswith("__"):
                yield keep, name, copy.deepcopy(value)


def _give_files(job: type, texts: Mapping[str, str]) -> None:
    """Let a job open texts by name, as if they were files; nothing else can be opened."""
    if texts:
        _module_of(job)["open"] = lambda path, *_, **__: io.StringIO(texts[path], newline="\n")


def _call(function: Callable[..., Iterable[Pair] | None] | None, *arguments: Any) -> list[Pair]:
    """Return what a step function yields; a step need not have it, and a function need not yield."""
    if function is None:
        return []
    # What is emitted is written at once: a list may be changed after it.
    return [(key, copy.deepcopy(value)) for key, value in function(*arguments) or ()]


def _through_json(pairs: list[Pair]) -> list[Pair]:
    """Return pairs as they are after mrjob has written and read them; all at once, which is far faster."""
    return [(key, value) for key, value in json.loads(canonical_json(pairs))]
