"""The one configuration of wasmtime under which kernels are compiled and run."""

from __future__ import annotations

import atexit
from functools import cache

import wasmtime

__all__ = ["engine"]


@cache
def engine() -> wasmtime.Engine:
    """Return this process's engine.

    Deterministic by configuration: no threads and no relaxed SIMD (the code makes NaN canonical where bits can be
    seen). There is no interruption by epochs or fuel: code that runs pays charges, and a charge that the lease does
    not cover calls the host.
    """
    config = wasmtime.Config()
    config.wasm_threads = False
    config.wasm_relaxed_simd = False
    config.wasm_multi_memory = True
    config.wasm_wide_arithmetic = True
    config.cranelift_opt_level = "speed"
    config.parallel_compilation = False
    made = wasmtime.Engine(config)
    # When Python ends it takes modules apart before it deletes what they hold, which wasmtime does not survive quietly.
    atexit.register(made.close)
    return made
