"""Exit statuses by which a job's processes tell whoever supervises them why they ended."""

from __future__ import annotations

__all__ = ["BROKEN", "DAMAGED", "HOST_GONE", "MANAGER_GONE", "NO_MEMORY"]

BROKEN = 70
"""An invariant of ours does not hold."""

HOST_GONE = 74
"""The host can't be reached any more."""

MANAGER_GONE = 75
"""The manager can't be reached any more."""

DAMAGED = 76
"""Job or lease log can't be trusted; starting again makes no sense."""

NO_MEMORY = 77
"""A worker would have used more memory than it may."""
