"""A directory of compiled kernels. They are native code, so that entries are authenticated and have one writer.

The compile service owns the directory and writes it; workers may only read it (the directory's permissions see to
that, and everybody who reads checks the entry's HMAC). An entry is good for one program, one table, one version of
wasmtime and one build of the runtime library: any other has another name.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import tempfile
from functools import cache
from pathlib import Path

from totem_ccf.kernel.compiled import FORMAT, RUNTIME, CompiledKernel, compile_kernel
from totem_sdk.cost import PricedProgram

__all__ = ["KernelCache", "TamperedEntry"]

_TAG_BYTES = hashlib.sha256().digest_size


class TamperedEntry(Exception):
    """An entry of the cache was not written by its owner; it was not loaded. The text names the file."""


class KernelCache:
    """Compiled kernels by program and table.

    Args:
        directory: where the entries are; it has to exist.
        key: the secret of the cache, at least 32 bytes.
    """

    def __init__(self, directory: Path, key: bytes) -> None:
        if len(key) < _TAG_BYTES:
            raise ValueError(f"the key of a kernel cache needs at least {_TAG_BYTES} bytes, not {len(key)}")
        self._directory = directory
        self._key = key

    def get(self, program_id: str, table_id: str, *, combining: bool = False) -> CompiledKernel | None:
        """Return an entry, or None if there is none; ``combining`` as for ``compile_kernel``.

        Raises:
            TamperedEntry: there is one, but it is not authentic.
        """
        path = self._path(program_id, table_id, combining=combining)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        tag, data = content[:_TAG_BYTES], content[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(path.name, data)):
            raise TamperedEntry(f"{path}: the compiled kernel is not authentic; delete it and find out who wrote it")
        return CompiledKernel.from_bytes(data)

    def put(self, compiled: CompiledKernel) -> None:
        """Add an entry; only the compile service may."""
        priced = compiled.priced
        path = self._path(priced.program.program_id, priced.table.table_id, combining=compiled.combining)
        data = compiled.to_bytes()
        handle, name = tempfile.mkstemp(dir=self._directory, prefix=".kernel-")
        with os.fdopen(handle, "wb") as file:
            file.write(self._tag(path.name, data) + data)
        Path(name).chmod(0o444)
        Path(name).replace(path)

    def compiled(self, priced: PricedProgram, *, combining: bool = False) -> CompiledKernel:
        """Return the entry of a program, after compiling and adding it if there is none; for the compile service.

        ``combining`` as for ``compile_kernel``.

        Raises:
            TamperedEntry: there is an entry, but it is not authentic.
        """
        found = self.get(priced.program.program_id, priced.table.table_id, combining=combining)
        if found is None:
            found = compile_kernel(priced, combining=combining)
            self.put(found)
        return found

    def _path(self, program_id: str, table_id: str, *, combining: bool) -> Path:
        name = "-".join([*map(_plain, (program_id, table_id)), *(["combining"] if combining else [])])
        return self._directory / f"{name}-{_version()}.kernel"

    def _tag(self, name: str, data: bytes) -> bytes:
        return hmac.digest(self._key, name.encode() + b"\0" + data, "sha256")


def _plain(identifier: str) -> str:
    if not identifier.isalnum():
        raise ValueError(f"{identifier!r} identifies no program or table")
    return identifier


@cache
def _version() -> str:
    """Return what an entry depends on beside program and table, as a short text."""
    return hashlib.sha256(FORMAT.encode() + RUNTIME.read_bytes()).hexdigest()[:16]
