"""Publishing a dataset: read where it lies, show what everybody will see, put only that on the ledger."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from totem.services.data import data_errors, open_data
from totem.services.errors import BadInput, InTheWay, Missing, NotAllowed, from_contract
from totem.services.killpoints import pass_publishing_point
from totem.services.session import Record, Session
from totem.services.store import Holding, ProviderStore
from totem_ccf.storage import Dataset, salted_digest
from totem_ccf.storage.profile import PUBLISHED, profile
from totem_chaincode.errors import ContractError
from totem_chaincode.policy import read_policy
from totem_sdk.errors import InternalError
from totem_sdk.schema import LINES, LINES_OF_FILES
from totem_sdk.statistics import Statistics

__all__ = ["Publication", "check_name", "prepare", "publish"]


@dataclass(frozen=True)
class Publication:
    """A dataset that is about to be published; nothing of it has left the house yet.

    ``policy`` has every default filled in. ``omitted`` are columns of the files that a job can't have, with reasons.
    """

    dataset_id: str
    title: str
    description: str
    locations: tuple[str, ...]
    dataset: Dataset
    statistics: Statistics
    policy: Mapping[str, Any]
    salt: str

    @property
    def omitted(self) -> tuple[tuple[str, str], ...]:
        """Columns of the files that a job can't have, with reasons."""
        return self.dataset.omitted

    @cached_property
    def published(self) -> tuple[str, ...]:
        """The salted digests of the fragments, by which the provider finds again what it published."""
        salt = bytes.fromhex(self.salt)
        return tuple(salted_digest(_digest(fragment.digest), salt) for fragment in self.dataset.fragments)

    def metadata(self) -> dict[str, Any]:
        """Return exactly what will be on the ledger."""
        return {
            "title": self.title,
            "description": self.description,
            "schema": self.dataset.schema.to_json(),
            "statistics": self.statistics.to_json(),
            "fragments": list(self.published),
            "policy": dict(self.policy),
        }


def prepare(
    dataset_id: str,
    locations: Sequence[str | Path],
    *,
    title: str = "",
    description: str = "",
    schema: Path | None = None,
    policy: Mapping[str, Any] | None = None,
    lines: bool = False,
    file_names: bool = False,
) -> Publication:
    """Read the data once, where they lie, and compute what would be published.

    ``lines``: every file is text; ``file_names``: and each line comes with the name of its file, which is published.

    Raises:
        BadInput: the data or the schema are not there, or the policy is not one.
        ProgramRefused: a policy field that nothing enforces yet.
        ProviderSide: the data can't be read.
    """
    try:
        kept = read_policy(policy or {})
    except ContractError as error:
        raise from_contract(error) from error
    dataset = open_data(locations, schema, lines=LINES_OF_FILES if file_names else LINES if lines else None)
    hidden = frozenset(kept["hidden_columns"])
    unknown = sorted(name for name in hidden if dataset.schema.index(name) is None)
    if unknown:
        known = ", ".join(column.name for column in dataset.schema.columns)
        raise BadInput(f"--hide {unknown[0]!r}: the data have no such column (they have: {known})", code="bad-policy")
    with data_errors():
        statistics = profile(dataset, hidden, options=PUBLISHED)
    return Publication(
        dataset_id=dataset_id,
        title=title or dataset_id,
        description=description,
        locations=tuple(str(Path(location).absolute()) for location in locations),
        dataset=dataset,
        statistics=statistics,
        policy=kept,
        salt=secrets.token_hex(32),
    )


def publish(session: Session, store: ProviderStore, publication: Publication, *, revise: bool = False) -> Record:
    """Put a publication on the ledger: as a new dataset, or with ``revise`` as the next version of one.

    Raises:
        ServiceError: the contract does not accept it; nothing has changed there.
    """
    check_name(session, publication.dataset_id, revise=revise)
    # Kept before it is known to others: jobs may arrive the moment it is published.
    store.hold(
        Holding(
            dataset_id=publication.dataset_id,
            published=publication.published,
            locations=publication.locations,
            salt=publication.salt,
            fragments=tuple(fragment.to_json() for fragment in publication.dataset.fragments),
        )
    )
    pass_publishing_point("publish:before-commit")
    function = "datasets.revise" if revise else "datasets.publish"
    record = session.submit(function, dataset_id=publication.dataset_id, **publication.metadata())
    pass_publishing_point("publish:after-commit")
    return record


def check_name(session: Session, dataset_id: str, *, revise: bool) -> None:
    """Say before anything is read or kept, and with what to do, what the contract would refuse.

    Raises:
        InTheWay: the name is taken.
        Missing: there is no such dataset to revise.
        NotAllowed: the dataset to revise is another provider's.
    """
    try:
        found = session.query("datasets.get", dataset_id=dataset_id)
    except Missing:
        if revise:
            raise Missing(f"there is no dataset {dataset_id} to revise", hint="publish it without --revise") from None
        return
    if not revise:
        raise InTheWay(
            f"the dataset name {dataset_id} is taken",
            code="name_taken",
            hint="take another name, or publish a new version of your own dataset with --revise",
        )
    if found["provider"] != session.participant:
        raise NotAllowed(f"only {found['provider']}, whose dataset {dataset_id} is, can revise it")


def _digest(digest: str | None) -> str:
    if digest is None:
        raise InternalError("a fragment of a dataset to be published has no digest")
    return digest
