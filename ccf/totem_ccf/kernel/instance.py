"""A step's module and the runtime library, instantiated together: one memory, and the functions that the code calls."""

from __future__ import annotations

from typing import Any, Protocol

import wasmtime

from totem_ccf.kernel.compiled import CompiledKernel
from totem_ccf.kernel.engine import engine
from totem_ccf.kernel.linear import MAX_PAGES, PAGE, LinearMemory

__all__ = ["Host", "StepInstance"]


class Host(Protocol):
    """What the code calls; see ``prelude.HOST_IMPORTS``."""

    def more_totem(self, need: int, cost: int, charge: int) -> int:
        """Return at least ``need`` more totem, or -1."""

    def put_values(self) -> None:
        """Put the next values of the group into memory."""

    def take_emits(self) -> None:
        """Take the emits out of memory."""

    def large_text(self, column: int, address: int, size: int) -> None:
        """Note a text of the next emit that is longer than an output column."""


class StepInstance:
    """Fresh instances for one attempt of a task.

    Attributes:
        memory: the memory that both modules share.
        meter: the meter's own memory.
    """

    def __init__(self, compiled: CompiledKernel, step: int, host: Host) -> None:
        self._store = store = wasmtime.Store(engine())
        pages = compiled.plans[step].input // PAGE + 1
        memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(pages, MAX_PAGES)))
        self.memory = LinearMemory(store, memory)
        linker = wasmtime.Linker(engine())
        linker.define(store, "host", "memory", memory)
        for name, (parameters, results, function) in self._functions(host).items():
            linker.define_func("host", name, wasmtime.FuncType(parameters, results), function)
        linker.define_instance(store, "runtime", wasmtime.Instance(store, compiled.runtime_module, [memory]))
        self._exports = linker.instantiate(store, compiled.step_modules[step]).exports(store)
        meter = self._exports["meter"]
        assert isinstance(meter, wasmtime.Memory)  # noqa: S101  for the type checker: the module is ours
        self.meter = LinearMemory(store, meter)

    def call(self, name: str, *arguments: int) -> int:
        """Call a function that the step exports."""
        function = self._exports[name]
        assert isinstance(function, wasmtime.Func)  # noqa: S101  for the type checker: the module is ours
        return int(function(self._store, *arguments) or 0)

    def get(self, name: str) -> int:
        """Return the value of a global that the step exports."""
        return int(self._global(name).value(self._store))

    def set(self, name: str, value: int) -> None:
        """Set a global that the step exports."""
        self._global(name).set_value(self._store, value)

    def close(self) -> None:
        """Give everything back to wasmtime."""
        self._store.close()

    def _global(self, name: str) -> wasmtime.Global:
        found = self._exports[name]
        assert isinstance(found, wasmtime.Global)  # noqa: S101  for the type checker: the module is ours
        return found

    @staticmethod
    def _functions(host: Host) -> dict[str, tuple[list[wasmtime.ValType], list[wasmtime.ValType], Any]]:
        i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()
        return {
            "lease": ([i64, i64, i32], [i64], host.more_totem),
            "more": ([], [], host.put_values),
            "flush": ([], [], host.take_emits),
            "large": ([i32, i32, i32], [], host.large_text),
        }
