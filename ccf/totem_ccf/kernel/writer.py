"""Writes WebAssembly's text form, indented."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Writer", "float_text", "text_bytes_escaped"]


class Writer:
    """Collects lines."""

    def __init__(self, depth: int = 0) -> None:
        self.lines: list[str] = []
        self._depth = depth

    def put(self, *lines: str) -> None:
        """Add lines at the current depth."""
        self.lines += ["  " * self._depth + line for line in lines]

    @contextmanager
    def within(self, head: str, tail: str = ")") -> Iterator[None]:
        """Write ``head``, the lines of the body one level deeper, then ``tail``."""
        self.put(head)
        self._depth += 1
        yield
        self._depth -= 1
        self.put(tail)


def float_text(value: float) -> str:
    """Return a float as WebAssembly's text writes it, exactly; a NaN is the canonical one."""
    if value != value:  # noqa: PLR0124  the test for NaN
        return "nan"
    return value.hex()


def text_bytes_escaped(data: bytes) -> str:
    """Return bytes as a string literal."""
    return '"' + "".join(f"\\{byte:02x}" for byte in data) + '"'
