"""A bill by source line: the same counts that the itemised bill comes from, at the lines that the operations stand in.

An operation of a block is charged as often as its block is entered, a site by what it has counted; each operation has
its source line. So the lines of a phase add up to its charge, and nobody needs to know more than for the bill.
"""

from __future__ import annotations

from collections import Counter

from totem_sdk.cost import Counts, PricedProgram, static_items

__all__ = ["totem_by_line"]


def totem_by_line(priced: PricedProgram, counts: Counts) -> dict[int, int]:
    """Return the totem of each source line, in the order of lines; those that cost nothing are left out.

    Raises:
        InvalidDocument: the counts name a block or site that the program does not have.
    """
    priced.total(counts)  # checks that there are such blocks and sites
    found: Counter[int] = Counter()
    for block in priced.program.blocks:
        entries = counts.blocks.get(block.id, 0)
        for op in block.ops if entries else ():
            for item in static_items(priced.program, priced.table, op):
                found[op.line] += priced.table.cost(*item) * entries
    for site, entry in counts.sites.items():
        found[priced.sites[site].op.line] += priced.sites[site].charge(*entry)
    return {line: totem for line, totem in sorted(found.items()) if totem}
