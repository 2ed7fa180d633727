"""The runtime library's functions of floats for other executors: one implementation for all (abstract machine, §7)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import wasmtime

from totem_ccf.kernel.compiled import RUNTIME, runtime_code
from totem_ccf.kernel.engine import engine
from totem_sdk.errors import InternalError
from totem_sdk.interpreter.mathematics import cpython_port

__all__ = ["runtime_port"]


_EXACT = ("fabs", "sqrt")
"""What WebAssembly has an instruction for."""


@cache
def _library() -> tuple[wasmtime.Store, Any]:
    store = wasmtime.Store(engine())
    module = wasmtime.Module.deserialize(engine(), runtime_code())
    needs = [kind for kind in (import_.type for import_ in module.imports) if isinstance(kind, wasmtime.MemoryType)]
    if len(needs) != 1:
        raise InternalError(f"{RUNTIME} does not import one memory")
    return store, wasmtime.Instance(store, module, [wasmtime.Memory(store, needs[0])]).exports(store)


def runtime_port(name: str, arguments: Sequence[float]) -> float:
    """Compute a function of math by the runtime library: the interpreter's port wherever it is compared with a kernel.

    What the library has no function for is exact, so that Python's own is the same.
    """
    store, exports = _library()
    if name in _EXACT:
        return cpython_port(name, arguments)
    function = exports[f"math_{name}"]
    if not isinstance(function, wasmtime.Func):
        raise InternalError(f"the runtime library has no function math_{name}")
    return float(function(store, *arguments))
