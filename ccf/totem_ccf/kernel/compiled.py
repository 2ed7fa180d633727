"""Compile a priced program: one WebAssembly module a step, and from it native code that can be stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path

import wasmtime

from totem_ccf.kernel.engine import engine
from totem_ccf.kernel.module import step_module
from totem_ccf.kernel.plan import StepPlan
from totem_sdk.cost import PricedProgram, price
from totem_sdk.errors import InternalError, InvalidDocument
from totem_sdk.program import Program
from totem_sdk.table import Table

__all__ = ["FORMAT", "CompiledKernel", "compile_kernel", "runtime_code", "step_text"]

FORMAT = "totem-kernel-1/wasmtime-" + version("wasmtime")
"""What serialised kernels are bound to: native code is good for one version of wasmtime only."""

RUNTIME = Path(__file__).parent / "runtime" / "runtime.wasm"


@dataclass(frozen=True)
class CompiledKernel:
    """A program under a table as native code.

    ``modules`` are the serialised modules of the steps, ``runtime`` that of the runtime library. They are native
    code: ``from_bytes`` must only be given bytes that came from ``to_bytes`` of somebody who is trusted
    (``totem_ccf.kernel.cache`` authenticates them). ``combining`` as for ``StepPlan``.
    """

    priced: PricedProgram
    metered: bool
    runtime: bytes
    modules: tuple[bytes, ...]
    combining: bool = False

    @cached_property
    def plans(self) -> tuple[StepPlan, ...]:
        """The plan of each step."""
        steps = range(len(self.priced.program.steps))
        return tuple(StepPlan(self.priced, step, combining=self.combining) for step in steps)

    @cached_property
    def runtime_module(self) -> wasmtime.Module:
        """The runtime library, ready to be instantiated."""
        return wasmtime.Module.deserialize(engine(), self.runtime)

    @cached_property
    def step_modules(self) -> tuple[wasmtime.Module, ...]:
        """The steps' modules, ready to be instantiated."""
        return tuple(wasmtime.Module.deserialize(engine(), data) for data in self.modules)

    def to_bytes(self) -> bytes:
        """Return everything as bytes."""
        parts = [self.priced.program.encode(), self.runtime, *self.modules]
        header = {
            "combining": self.combining,
            "format": FORMAT,
            "metered": self.metered,
            "table": self.priced.table.to_json(),
            "sizes": [len(part) for part in parts],
        }
        return json.dumps(header, sort_keys=True).encode() + b"\n" + b"".join(parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> CompiledKernel:
        """Read what ``to_bytes`` gives.

        Raises:
            InvalidDocument: the bytes are of another version.
        """
        head, _, rest = data.partition(b"\n")
        header = json.loads(head)
        if header.get("format") != FORMAT:
            raise InvalidDocument(f"compiled kernel: expected {FORMAT}, not {header.get('format')}; compile it again")
        parts: list[bytes] = []
        for size in header["sizes"]:
            parts.append(rest[:size])
            rest = rest[size:]
        program, runtime, *modules = parts
        priced = price(Program.decode(program), Table.from_json(header["table"]))
        return cls(priced, header["metered"], runtime, tuple(modules), header["combining"])


def step_text(priced: PricedProgram, step: int, *, metered: bool = True, combining: bool = False) -> str:
    """Return a step's module as WebAssembly text."""
    return step_module(StepPlan(priced, step, combining=combining), metered=metered)


def compile_kernel(priced: PricedProgram, *, metered: bool = True, combining: bool = False) -> CompiledKernel:
    """Compile a priced program.

    ``metered=False`` compiles it without charges and counts; only benchmarks do that. ``combining`` as in
    ``StepPlan``.

    Raises:
        InternalError: the runtime library was not built, or the compiler refused what was written.
    """
    modules = []
    for step in range(len(priced.program.steps)):
        text = step_text(priced, step, metered=metered, combining=combining)
        try:
            modules.append(bytes(wasmtime.Module(engine(), text).serialize()))
        except wasmtime.WasmtimeError as error:
            raise InternalError(f"step {step}: the kernel's code is not valid WebAssembly: {error}") from error
    return CompiledKernel(priced, metered, runtime_code(), tuple(modules), combining)


@cache
def runtime_code() -> bytes:
    """Return the runtime library as native code, compiled once in a process and in those that it forks.

    Raises:
        InternalError: the library was not built.
    """
    if not RUNTIME.exists():
        raise InternalError(f"{RUNTIME} is missing: build it with `python -m totem_ccf.kernel.runtime.build`")
    return bytes(wasmtime.Module.from_file(engine(), str(RUNTIME)).serialize())
