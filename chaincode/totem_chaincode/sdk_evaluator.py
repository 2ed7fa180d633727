"""The evaluator of production: compile, price, estimate and check with ``totem_sdk``.

Everything here is pure and deterministic. Programs are kept, priced ones by (program, table), because every settlement
of a job asks for the same one; a cache changes how fast an answer comes, never the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from totem_chaincode import canonical
from totem_chaincode.errors import Invalid, Refused
from totem_chaincode.evaluation import Bounds, Estimate, Evaluation, Question
from totem_chaincode.parameters import read_params, to_ledger
from totem_sdk import cut
from totem_sdk import errors as sdk
from totem_sdk.cost import Counts, PricedProgram, price
from totem_sdk.estimate import estimate, phase_lower_bound
from totem_sdk.flow import check_receipt
from totem_sdk.lang import compile_job
from totem_sdk.program import Program
from totem_sdk.schema import LINES, LINES_OF_FILES, Schema
from totem_sdk.statistics import Statistics
from totem_sdk.table import Table
from totem_sdk.text_flow import phase_texts

__all__ = ["SdkEvaluator"]


class SdkEvaluator:
    """``Evaluator`` over the SDK."""

    def table_id(self, document: Any) -> str:
        """See ``Evaluator``."""
        try:
            return Table.from_json(document).table_id
        except sdk.InvalidDocument as error:
            raise Invalid(str(error)) from None

    def check_metadata(self, schema: Any, statistics: Any, hidden: frozenset[str], fragments: int) -> None:
        """See ``Evaluator``."""
        try:
            columns = {column.name for column in Schema.from_json(schema).columns}
            published = Statistics.from_json(statistics)
        except sdk.InvalidDocument as error:
            raise Invalid(str(error)) from None
        if unknown := sorted(hidden - columns):
            raise Invalid(f"policy.hidden_columns: the schema has no column {unknown[0]!r}")
        if unknown := sorted(set(published.columns) - columns):
            raise Invalid(f"statistics: the schema has no column {unknown[0]!r}")
        if told := sorted(set(published.columns) & hidden):
            raise Refused(
                f"the statistics tell about the hidden column {told[0]!r}: leave it out of the statistics",
                code="hidden_column",
            )
        if len(published.fragments) != fragments:
            raise Invalid(
                f"fragments: {fragments} digests, but the statistics count {len(published.fragments)} fragments"
            )

    def evaluate(self, question: Question) -> Evaluation:
        """See ``Evaluator``."""
        asked = {name: getattr(question, name) for name in Question.__dataclass_fields__}
        return _evaluate(canonical.encode(asked | {"hidden": sorted(question.hidden)}))

    def uncut(self, program: str) -> list[dict[str, Any]]:
        """See ``Evaluator``."""
        return [refusal.to_json() for refusal in cut.refusals(_program(program))]

    def recompute(self, program: str, table: Any, receipt: Mapping[str, Any]) -> int:
        """See ``Evaluator``."""
        priced = _priced(program, canonical.encode(table))
        try:
            check_receipt(priced, receipt)
            return priced.total(Counts.from_json(receipt))
        except (ValueError, sdk.InvalidDocument) as error:
            raise Refused(f"the receipt is impossible for the program: {error}", code="receipt") from None

    def texts(self, program: str, table: Any, receipt: Mapping[str, Any]) -> tuple[int | None, int | None]:
        """See ``Evaluator``."""
        priced = _priced(program, canonical.encode(table))
        at = (receipt["step"], receipt["phase"])
        phase = next(phase for phase in priced.program.phases if (phase.step, phase.kind) == at)
        found = phase_texts(priced, phase, Counts.from_json(receipt))
        return found.read, found.emitted

    def partitions(self, program: str, step: int) -> int:
        """See ``Evaluator``."""
        return _program(program).steps[step].partitions

    def needs(self, program: str, table: Any, phase: int, records: int) -> int:
        """See ``Evaluator``."""
        return phase_lower_bound(_priced(program, canonical.encode(table)), phase, records)

    def bill(self, program: str, table: Any, receipts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """See ``Evaluator``."""
        priced = _priced(program, canonical.encode(table))
        return [
            row.to_json()
            for receipt in receipts
            for row in priced.bill(receipt["step"], receipt["phase"], Counts.from_json(receipt))
        ]


@lru_cache(maxsize=32)
def _program(program: str) -> Program:
    return Program.decode(program.encode())


@lru_cache(maxsize=32)
def _priced(program: str, table: bytes) -> PricedProgram:
    return price(_program(program), Table.from_json(canonical.decode(table)))


@lru_cache(maxsize=8)
def _compiled(source: str, schema: bytes, filename: str, hidden: frozenset[str]) -> Program:
    # A joint job asks about the same source once for each provider's statistics.
    return compile_job(source, Schema.from_json(canonical.decode(schema)), filename=filename, hidden=hidden)


@lru_cache(maxsize=64)
def _evaluate(asked: bytes) -> Evaluation:
    """Answer a question, given as canonical JSON: a submission that lost a race asks the same one again."""
    question = canonical.decode(asked)
    hidden = frozenset(question["hidden"])
    try:
        schema = Schema.from_json(question["schema"])
        program = _compiled(question["source"], canonical.encode(question["schema"]), question["filename"], hidden)
        if program.lines and schema not in (LINES, LINES_OF_FILES):
            raise Refused(
                "the job derives from mrjob's MRJob and gets raw lines, but the dataset has typed columns:"
                " derive it from TotemJob",
                code="datasets",
            )
        names = [column.name for column in program.schema.columns] if program.lines else []
        if any(schema.index(name) is None for name in names):
            raise Refused(
                "the job asks for the file that a line is from, which the dataset does not tell (it would have a column"
                " file)",
                code="datasets",
            )
        if unseen := sorted(hidden.intersection(names)):
            raise Refused(
                f"the job derives from mrjob's MRJob and gets whole lines, but the provider hides the column"
                f" {unseen[0]}",
                code="datasets",
            )
        values = read_params(program, question["params"])
        priced = price(program, Table.from_json(question["table"]))
        found = estimate(priced, [Statistics.from_json(item) for item in question["statistics"]], values)
    except sdk.Refused as error:
        raise Refused(
            f"the program is refused: {error}",
            code="program",
            refusals=[refusal.to_json() for refusal in error.refusals],
        ) from None
    return Evaluation(
        program_id=program.program_id,
        program=program.encode().decode(),
        phases=tuple((phase.step, phase.kind) for phase in program.phases),
        params=tuple(to_ledger(program, values)),
        estimate=Estimate(found.lower, found.expected, found.upper),
        bounds=Bounds(tuple((phase.lower, phase.upper) for phase in found.phases), found.row_texts),
        least_lines=found.result.lines,
        least_bytes=found.result.bytes,
        expected=tuple(phase.expected for phase in found.phases),
    )
