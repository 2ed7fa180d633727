"""Compile the runtime library's C sources to WebAssembly with the compiler that ``ziglang`` ships.

Freestanding: a cold build of wasi-libc takes half a minute, and the runtime needs no operating system. Run
``python -m totem_ccf.kernel.runtime.build`` after a change to the sources; installing calls the same function.
"""

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

__all__ = ["build_runtime"]

SOURCES = Path(__file__).parent

UNICODE_TABLE = SOURCES.parents[3] / "sdk" / "totem_sdk" / "unicode_table.py"
"""The pinned table; loaded by path, because nothing is installed yet when the wheel is built."""

FLAGS = (
    "-target", "wasm32-freestanding",
    "-mcpu=mvp+bulk_memory+mutable_globals+sign_ext+nontrapping_fptoint",
    "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror",
    "-ffp-contract=off", "-fno-sanitize=all",
    "-Wl,--no-entry", "-Wl,--strip-all",
    "-Wl,--import-memory",
    "-Wl,-z,stack-size=65536",
    "-Wl,--export=__heap_base",
)  # fmt: skip

UNICODE_CLASSES = UNICODE_TABLE.with_name("unicode_classes.py")


def build_runtime(target: Path) -> None:
    """Compile every ``*.c`` beside this module, and musl's in ``musl/``, into one WebAssembly module at ``target``.

    Raises:
        RuntimeError: the compiler failed; the message carries its output.
    """
    tables = _load(SOURCES / "tables.py")
    sources = sorted(str(path) for folder in (SOURCES, SOURCES / "musl") for path in folder.glob("*.c"))
    with tempfile.TemporaryDirectory() as folder:
        unicode_header = tables.unicode_header(_load(UNICODE_TABLE), _load(UNICODE_CLASSES))
        (Path(folder) / "unicode_table.h").write_text(unicode_header, encoding="ascii")
        (Path(folder) / "decimal_table.h").write_text(tables.decimal_header(), encoding="ascii")
        (Path(folder) / "shortest_table.h").write_text(tables.shortest_header(), encoding="ascii")
        include = ["-I", folder, "-I", str(SOURCES / "musl")]
        command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, *include, *sources, "-o", str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 our own sources only
    if done.returncode != 0:
        raise RuntimeError(f"compiling the runtime failed with status {done.returncode}:\n{done.stderr}")


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"totem_runtime_{path.stem}", path)
    if spec is None or spec.loader is None or not path.exists():
        raise RuntimeError(f"{path} is missing: the runtime is compiled from a checkout or a source distribution")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    build_runtime(SOURCES / "runtime.wasm")
