"""What each source line of a job will cost, from published statistics, and what it has cost, from the receipts.

Both are computed here, where the caller is, by the code that the contracts run, and of nothing but what the caller may
read: the metadata of datasets, and the receipts that the itemised bill comes from (docs/adr/0024).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from totem.services.consumer import Consumer, Submission
from totem.services.errors import from_contract, from_refused
from totem.services.session import Record, Session
from totem_chaincode.errors import ContractError
from totem_chaincode.parameters import read_params
from totem_chaincode.policy import combine
from totem_sdk.by_line import totem_by_line
from totem_sdk.cost import Counts, price
from totem_sdk.errors import Refused
from totem_sdk.estimate import Estimate, estimate
from totem_sdk.lang import compile_job
from totem_sdk.program import Program
from totem_sdk.schema import Schema
from totem_sdk.statistics import Statistics
from totem_sdk.table import Table

__all__ = ["billed_lines", "estimate_rows", "estimated_lines", "with_bill"]


def estimated_lines(caller: Consumer, submission: Submission) -> list[Record]:
    """Return ``{"line", "source", "lower", "expected", "upper"}`` of each line that may cost something.

    Of a job over several providers that is the whole program on all data: what its parts cost together.

    Raises:
        ProgramRefused: the program or its parameters are not accepted.
        Missing: there is no such dataset.
    """
    found = [caller.dataset(dataset_id) for dataset_id in submission.datasets]
    hidden = combine([item["policy"] for item in found])["hidden_columns"]
    asked = submission.program()
    table = Table.from_json(caller.session.query("tables.get", table_id=submission.table)["document"])
    try:
        schema = Schema.from_json(found[0]["schema"])
        program = compile_job(submission.source, schema, filename=asked["filename"], hidden=frozenset(hidden))
        values = read_params(program, asked["params"] or {})
        statistics = [Statistics.from_json(item["statistics"]) for item in found]
        priced = estimate(price(program, table), statistics, values)
    except Refused as error:
        raise from_refused(error) from None
    except ContractError as error:
        raise from_contract(error) from error
    return estimate_rows(priced, submission.source)


def estimate_rows(found: Estimate, source: str) -> list[Record]:
    """Return the lines of an estimate with their texts."""
    texts = _texts(source)
    return [{"line": row["line"], "source": texts[row["line"] - 1], **row} for row in found.to_json()["lines"]]


def billed_lines(session: Session, job_id: str) -> list[Record]:
    """Return ``{"line", "source", "totem"}`` of each line that has cost something in the phases settled so far.

    They add up to what the bill says is used; of a job over several providers to what the parts have used whose
    receipts the caller holds.

    Raises:
        Missing: there is no such job, or the caller's organisation does not have all receipts.
    """
    receipts = session.query("results.receipts", job_id=job_id)["receipts"]
    what = session.query("jobs.source", job_id=job_id)
    priced = price(Program.decode(what["program"].encode()), Table.from_json(what["table"]))
    lines: Counter[int] = Counter()
    for item in receipts:
        lines.update(totem_by_line(priced, Counts.from_json(item["receipt"])))
    texts = _texts(what["source"])
    return [{"line": line, "source": texts[line - 1], "totem": totem} for line, totem in sorted(lines.items())]


def with_bill(estimated: Sequence[Record], billed: Sequence[Record]) -> list[Record]:
    """Return what each line was estimated to cost and has cost; all None where there is no estimate by line."""
    none: dict[str, Any] = dict.fromkeys(("lower", "expected", "upper"))
    rows = {row["line"]: {**row, "totem": 0} for row in estimated}
    for row in billed:
        rows[row["line"]] = {**none, **rows.get(row["line"], {}), **row}
    return [rows[line] for line in sorted(rows)]


def _texts(source: str) -> list[str]:
    """Return the lines of a source as Python counts them, without the blanks around them."""
    return [line.strip() for line in source.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
