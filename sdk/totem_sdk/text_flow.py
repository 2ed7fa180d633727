"""The bytes of texts that flow through a phase, as its counts say: what it has read and what has left it.

A site that reads is charged by the bytes of the texts that it reads, an ``emit`` by those of its key and value. So the
bytes that one phase emits bound those that the next one reads, as its records bound the next one's records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from totem_sdk.cost import Counts, PricedProgram
from totem_sdk.program import Phase, blocks_of

__all__ = ["PhaseTexts", "combined_texts", "phase_texts"]

_READS = ("read_row", "read_pair", "read_key", "read_value", "fold_sum", "fold_min", "fold_max")
_EMITS = ("emit",)


@dataclass(frozen=True, slots=True)
class PhaseTexts:
    """Bytes of the texts that were ``read`` and ``emitted``.

    None where no site counts them: there are no texts, or (emits only) the table gives the class the weight 0.
    """

    read: int | None
    emitted: int | None


def phase_texts(priced: PricedProgram, phase: Phase, counts: Counts) -> PhaseTexts:
    """Return what went into a phase and what left it: of a map phase with a combiner, what that has emitted."""
    step = priced.program.steps[phase.step]
    if phase.kind == "reduce":
        reader, writers = step.reducer, [step.reducer, step.reducer_init, step.reducer_final]
    elif step.combiner is None:
        reader, writers = step.mapper, [step.mapper, step.mapper_init, step.mapper_final]
    else:
        reader, writers = step.mapper, [step.combiner, step.combiner_init, step.combiner_final]
    return PhaseTexts(_bytes(priced, [reader], _READS, counts), _bytes(priced, writers, _EMITS, counts))


def combined_texts(priced: PricedProgram, phase: Phase, counts: Counts) -> PhaseTexts:
    """Return what the combiner of a map phase has read, and what its mapper has emitted for it."""
    step = priced.program.steps[phase.step]
    writers = [step.mapper, step.mapper_init, step.mapper_final]
    return PhaseTexts(_bytes(priced, [step.combiner], _READS, counts), _bytes(priced, writers, _EMITS, counts))


def _bytes(priced: PricedProgram, functions: Sequence[int | None], codes: Sequence[str], counts: Counts) -> int | None:
    """Return the bytes at the sites of these operations in these functions, None where there is no such site.

    Only step functions read and emit, never a helper.
    """
    blocks = {
        block.id
        for function in functions
        if function is not None
        for block in blocks_of(priced.program.functions[function].body)
    }
    found = [
        site.id
        for site in priced.sites
        if site.block in blocks and site.op.code in codes and any(term.by == "bytes" for term in site.terms)
    ]
    return sum(counts.sites.get(site, (0, 0, 0))[2] for site in found) if found else None
