"""A job as its source has it: what the passes after ``structure`` work on."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from totem_sdk.lang.constants import Constant
from totem_sdk.lang.patterns import Patterns
from totem_sdk.lang.source import Source
from totem_sdk.lang.steps import StepSource
from totem_sdk.lang.surface import Note
from totem_sdk.program import ParamSpec
from totem_sdk.regex import Pattern

__all__ = ["Job"]


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
    read where the submission gives none (None: it must). ``named`` are the functions that make tuples with names, each
    with the names of its items. ``objects``: it derives from MRJob and reads its rows as JSON objects.
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
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    objects: bool = False

    def has_param(self, name: str) -> bool:
        """Return whether a job parameter is an attribute of self (one of ``self.options`` is not)."""
        return name not in self.options and any(param.name == name for param in self.params)
