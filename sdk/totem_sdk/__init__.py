"""What a consumer installs: the language, its cost and the reference interpreter.

A job is written with ``TotemJob`` and ``Param``; everything else has a module of its own.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from totem_sdk.job import Param, TotemJob

__all__ = ["Param", "TotemJob"]


def __getattr__(name: str) -> Any:
    """Import the authoring classes when they are asked for: mrjob takes longer than all the rest."""
    if name in __all__:
        from totem_sdk import job  # noqa: PLC0415 - late on purpose, see above

        return getattr(job, name)
    raise AttributeError(f"module 'totem_sdk' has no attribute {name!r}")
