"""Compile the runtime library's C sources to WebAssembly with the compiler that ``ziglang`` ships.

Freestanding: a cold build of wasi-libc takes half a minute, and the runtime needs no operating system. Run
``python -m totem_ccf.kernel.runtime.build`` after a change to the sources; installing calls the same function.
"""

import subprocess
import sys
from pathlib import Path

__all__ = ["build_runtime"]

SOURCES = Path(__file__).parent

FLAGS = (
    "-target", "wasm32-freestanding",
    "-O2",
    "-nostdlib",
    "-Wl,--no-entry",
    "-Wl,--import-memory",
    "-Wl,--export-dynamic",
)  # fmt: skip


def build_runtime(target: Path) -> None:
    """Compile every ``*.c`` beside this module into one WebAssembly module at ``target``.

    Raises:
        RuntimeError: the compiler failed; the message carries its output.
    """
    sources = sorted(str(path) for path in SOURCES.glob("*.c"))
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, *sources, "-o", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 our own sources only
    if done.returncode != 0:
        raise RuntimeError(f"compiling the runtime failed with status {done.returncode}:\n{done.stderr}")


if __name__ == "__main__":
    build_runtime(SOURCES / "runtime.wasm")
