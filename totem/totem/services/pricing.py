"""Checking and pricing a job without a ledger, by the same code that the contracts run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from totem.services.data import data_errors
from totem.services.errors import from_contract, from_refused
from totem.services.inputs import Job
from totem.services.report import Bounds
from totem_ccf.storage import Dataset
from totem_ccf.storage.profile import OWN, profile
from totem_chaincode.errors import ContractError
from totem_chaincode.parameters import read_params
from totem_sdk.cost import PricedProgram, price
from totem_sdk.disassemble import Operator, operator_of
from totem_sdk.errors import Refused
from totem_sdk.estimate import Estimate, estimate
from totem_sdk.interpreter import run_map_task
from totem_sdk.lang import compile_job, compile_snippet, notes_of
from totem_sdk.program import Op, Value
from totem_sdk.schema import Schema
from totem_sdk.table import Table
from totem_sdk.task import Escrow

__all__ = ["Priced", "bind_params", "estimate_job", "job_notes", "operators_run", "price_job", "price_snippet"]

_SNIPPET_ESCROW = 1_000_000
"""What a snippet may spend while its operators are listed: enough for reading, and an endless loop ends."""


@dataclass(frozen=True)
class Priced:
    """A job's price on a dataset, with its phases and source lines."""

    priced: PricedProgram
    estimate: Estimate

    @property
    def bounds(self) -> Bounds:
        """Lower, expected and upper totem."""
        return Bounds(self.estimate.lower, self.estimate.expected, self.estimate.upper)

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``totem estimate --json`` prints."""
        document = self.estimate.to_json()
        return {
            "program_id": self.priced.program.program_id,
            "table_id": self.priced.table.table_id,
            "estimate": self.bounds.to_json(),
            "phases": document["phases"],
            "lines": document["lines"],
        }


def price_job(job: Job, schema: Schema, table: Table) -> PricedProgram:
    """Compile a job for rows of this schema and price its operations.

    Raises:
        ProgramRefused: the program is not accepted, or the table does not list what it does.
    """
    try:
        return price(compile_job(job.source, schema, filename=job.filename), table)
    except Refused as error:
        raise from_refused(error) from None


def job_notes(source: str, filename: str) -> list[dict[str, Any]]:
    """Return what in a job is accepted and has no effect here: ``{"line", "column", "message"}``, in its order."""
    return [
        {"line": n.at.line, "column": n.at.column, "message": n.message} for n in notes_of(source, filename=filename)
    ]


def bind_params(priced: PricedProgram, params: Mapping[str, Any]) -> dict[str, Value]:
    """Return the typed values of a job's parameters: what is given, else the defaults.

    Raises:
        ProgramRefused: one is unknown, missing or not of its type.
    """
    try:
        return read_params(priced.program, params)
    except ContractError as error:
        raise from_contract(error) from error


def price_snippet(source: Job, table: Table) -> PricedProgram:
    """Compile bare statements and price their operations.

    Raises:
        ProgramRefused: they are not accepted, or the table does not list what they do.
    """
    try:
        return price(compile_snippet(source.source, filename=source.filename).program, table)
    except Refused as error:
        raise from_refused(error) from None


def operators_run(snippet: PricedProgram) -> list[Operator]:
    """Return the published operator array of a snippet: its operators in the order in which they run."""
    found: list[Operator] = []

    def trace(op: Op) -> None:
        if (name := operator_of(op)) is not None:
            found.append(name)

    run_map_task(snippet, 0, [("",)], {}, Escrow(_SNIPPET_ESCROW), trace=trace)
    return found


def estimate_job(job: Job, dataset: Dataset, table: Table, params: Mapping[str, Any]) -> Priced:
    """Price a job on a dataset, with exact statistics of the columns that it pays for.

    Raises:
        ProgramRefused: the program or its parameters are not accepted.
        ProviderSide: the data can't be read.
    """
    priced = price_job(job, dataset.schema, table)
    values = bind_params(priced, params)
    charged = [priced.program.schema.columns[position].name for position in priced.columns_charged]
    with data_errors():
        statistics = profile(dataset, columns=charged, options=OWN)
    try:
        return Priced(priced, estimate(priced, [statistics], values))
    except Refused as error:
        raise from_refused(error) from None
