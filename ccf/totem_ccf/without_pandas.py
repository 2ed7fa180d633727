"""Hides pandas from pyarrow, for processes that are ours alone.

pyarrow looks for pandas when the first array of numpy's comes in or goes out. Where it is installed that costs a
process half a second of processor time, and nothing here uses it.
"""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["hidden_pandas", "hide_pandas"]


class _NoPandas(importlib.abc.MetaPathFinder):
    """Hides pandas from whoever imports it."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        """Refuse pandas, leave everything else to the finders after this one."""
        del path, target
        if fullname == "pandas":
            raise ModuleNotFoundError("hidden", name="pandas")


def hide_pandas() -> None:
    """Hide pandas for as long as this process lives: whoever imports it is told that it is not installed."""
    sys.meta_path.insert(0, _NoPandas())


@contextmanager
def hidden_pandas() -> Iterator[None]:
    """Hide pandas for a while."""
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
