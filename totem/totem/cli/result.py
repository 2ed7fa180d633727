"""``totem job result`` and ``totem job purge``: fetch what a job has delivered, and delete it everywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from totem.cli.common import As, AsJson, HomeFolder, consumer
from totem.cli.output import Output
from totem.cli.results import check_file, document_parts, is_column_format, print_result, write_file, written
from totem.services.consumer import Consumer
from totem.services.errors import BadInput, ServiceError
from totem.services.handover import receive
from totem.services.lines import ResultLines

__all__ = ["purge", "result"]

JobId = Annotated[str, typer.Argument(metavar="JOB")]


def result(
    job: JobId,
    *,
    file: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="write it there: JSON lines, .csv or .parquet")
    ] = None,
    handed_over: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="the result as its provider has handed it over")
    ] = None,
    salt: Annotated[str | None, typer.Option(metavar="SALT", help="what the provider has told with the file")] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="the provider's result store, where it is another place than its provider says"
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="after -o too, leave it on the ledger and in the store until it expires")
    ] = False,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the result of a job, from the ledger, its provider's store or the file that was handed over.

    Once its lines are safely in the file named by -o (not as columns), it is purged everywhere else.
    """
    output = Output(as_json=as_json)
    caller = consumer(home, as_)
    if (handed_over is None) != (salt is None):
        raise BadInput("--file and --salt go together: the provider hands over both", code="usage")
    if handed_over is None or salt is None:
        found = caller.result(job, store)
        lines, partial, missing = found.content, found.partial, found.missing
    else:
        record = caller.job(job)
        lines, partial = receive(record, handed_over, salt)
        missing = tuple(record.get("missing", ()))
    if file is not None:
        if file.exists() and lines.is_of(file):
            raise BadInput("-o: the same file as --file", code="not-writable")
        check_file(file, caller.result_types(job))
    output.document_parts(document_parts(job, lines, partial=partial, missing=missing))
    if file is not None:
        write_file(file, lines, caller.result_types(job))
        output.note(written(lines, file, partial=partial, missing=missing))
        if handed_over is None and not keep and not is_column_format(file):
            _purge_stored(output, caller, job, lines, file)
    elif not as_json:
        print_result(output, lines, partial=partial, missing=missing)


def _purge_stored(output: Output, caller: Consumer, job: str, lines: ResultLines, file: Path) -> None:
    """Purge a result of which a file has every line; if it can't be purged now, that is no reason to fail."""
    try:
        if not lines.is_stored_in(file):
            output.note("(it is no plain file that has the lines now: the result is not purged)", style="dim")
            return
        caller.purge(job)
    except (ServiceError, OSError) as error:
        output.note(f"it could not be purged and stays until it expires: {error}")
        return
    output.note("and purged everywhere else: the file is the only copy (`--keep` leaves it until it expires)")


def purge(job: JobId, home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """Delete a job's result for good, from the ledger and from its provider's store; its hash stays."""
    output = Output(as_json=as_json)
    record = consumer(home, as_).purge(job)
    output.document(record)
    output.line(f"the result of {job} is purged")
