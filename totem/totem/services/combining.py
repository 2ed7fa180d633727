"""Who combines the partial groups of a job over several providers: whom the consumer names, or the first who may.

The contract checks the choice again; what is said here is whose policy stands in the way, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence

from totem.services.errors import NotAllowed
from totem.services.session import Record
from totem_chaincode.policy import may_combine

__all__ = ["choose_combining", "providers_of"]


def providers_of(datasets: Sequence[Record]) -> list[str]:
    """Return whose datasets (as ``datasets.get`` answers) these are, in listed order."""
    return list(dict.fromkeys(str(dataset["provider"]) for dataset in datasets))


def choose_combining(datasets: Sequence[Record]) -> str:
    """Return the first provider of the datasets whom the policies of all others let combine their partial groups.

    Raises:
        NotAllowed: code ``combining``: there is none; the message says which policies forbid it.
    """
    providers = providers_of(datasets)
    for provider in providers:
        if not _against(datasets, provider):
            return provider
    whose = "; ".join(
        f"{provider} may not, by the policy of {', '.join(_against(datasets, provider))}" for provider in providers
    )
    raise NotAllowed(
        f"none of these providers may combine the partial groups of the others: {whose}",
        code="combining",
        hint="name another provider that they allow (--combine-at), or ask them to publish it:"
        " `totem provider publish DATASET DATA --revise --combining NAME`",
    )


def _against(datasets: Sequence[Record], provider: str) -> list[str]:
    """Return the datasets whose policies do not let a provider combine."""
    return [
        str(dataset["dataset_id"])
        for dataset in datasets
        if dataset["provider"] != provider and not may_combine(dataset["policy"], provider)
    ]
