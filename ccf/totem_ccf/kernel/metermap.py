"""The map of the meter's own memory, which no code of a program can write to."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MeterMap"]


@dataclass(frozen=True, slots=True)
class MeterMap:
    """Places in the meter's own memory.

    ``REASON`` holds why the code stopped (0: it did not, 1: out of totem, 2 + n: the n-th of ProgramError.KINDS, and
    256 × its line where that is not the line of the operation);
    from ``TRACE`` on stand the number of frames that were active then and, innermost first, one entry for each:
    twice the number of the operation, plus one if its own charge was paid. Then come 64-bit counters: entries of each
    block, and values and bytes of each site.
    """

    frames: int
    blocks: int
    sites: int

    REASON = 0
    TRACE = 4

    @property
    def counters(self) -> int:
        """The address of the first counter."""
        return (8 + 4 * self.frames + 7) // 8 * 8

    def block(self, number: int) -> int:
        """Return the address of a block's counter."""
        return self.counters + 8 * number

    def site_values(self, number: int) -> int:
        """Return the address of a site's counter of values."""
        return self.counters + 8 * (self.blocks + 2 * number)

    def site_bytes(self, number: int) -> int:
        """Return the address of a site's counter of bytes."""
        return self.site_values(number) + 8

    @property
    def pages(self) -> int:
        """The size of the meter's memory in pages of 64 KiB."""
        return (self.site_values(self.sites) + 65_535) // 65_536
