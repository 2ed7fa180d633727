"""The host's view of a WebAssembly memory: bytes and arrays."""

from __future__ import annotations

from ctypes import addressof, c_ubyte
from typing import Any

import numpy as np
import numpy.typing as npt
import wasmtime

from totem_ccf.mapreduce.executor import InputError

__all__ = ["MAX_PAGES", "PAGE", "Array", "LinearMemory"]

PAGE = 65_536
MAX_PAGES = 65_535
Array = npt.NDArray[Any]


class LinearMemory:
    """A WebAssembly memory as bytes and as arrays."""

    def __init__(self, store: wasmtime.Store, memory: wasmtime.Memory) -> None:
        self._store = store
        self._memory = memory
        self._bytes = self._view()

    def reserve(self, end: int) -> None:
        """Let the memory reach up to address ``end``.

        Raises:
            InputError: that is more than 4 GiB.
        """
        missing = -(-end // PAGE) - len(self._bytes) // PAGE
        if missing <= 0:
            return
        if len(self._bytes) // PAGE + missing > MAX_PAGES:
            raise InputError(f"a task's input needs {end:,} bytes of the kernel's memory, which has 4 GiB at most")
        self._memory.grow(self._store, missing)
        self._bytes = self._view()

    def array(self, address: int, dtype: Any, count: int) -> Array:
        """Return ``count`` numbers from ``address`` on; the array is a view."""
        return np.frombuffer(self._bytes, dtype=dtype, count=count, offset=address)

    def number(self, address: int, dtype: Any) -> int:
        """Return the integer at an address."""
        return int(self.array(address, dtype, 1)[0])

    def set_number(self, address: int, dtype: Any, value: float) -> None:
        """Store a number at an address."""
        self.array(address, dtype, 1)[0] = value

    def set_bytes(self, address: int, data: Array | bytes) -> None:
        """Store bytes from an address on."""
        self._bytes[address : address + len(data)] = np.frombuffer(data, dtype=np.uint8)

    def _view(self) -> Array:
        length = self._memory.data_len(self._store)
        start = addressof(self._memory.data_ptr(self._store).contents)
        return np.frombuffer(memoryview((c_ubyte * length).from_address(start)), dtype=np.uint8)
