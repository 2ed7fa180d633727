"""``totem run``: one job from end to end on this machine, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from totem.cli.amounts import amount
from totem.interrupts import held

__all__ = ["run"]


def run(
    job: Annotated[Path, typer.Argument(metavar="JOB.py", help="a TotemJob, or mrjob's own MRJob")],
    data: Annotated[
        list[str], typer.Argument(metavar="DATA...", help="Parquet, CSV, JSON lines or text: files, folders, globs")
    ],
    *,
    schema: Annotated[Path | None, typer.Option(metavar="FILE", help="columns and their types, as JSON")] = None,
    totem: Annotated[
        int | None,
        typer.Option(parser=amount, metavar="N", help="totem to put into escrow (default: ask, or the upper bound)"),
    ] = None,
    table: Annotated[str, typer.Option(metavar="NAME|FILE", help="estimator table")] = "standard-1",
    param: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="a parameter of the job; may be repeated")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="worker processes (default: all cores)")] = None,
    interpreter: Annotated[bool, typer.Option("--interpreter", help="run on the reference interpreter")] = False,
    audit: Annotated[bool, typer.Option("--audit", help="a lease of one charge, each reported by itself")] = False,
    no_precheck: Annotated[
        bool, typer.Option("--no-precheck", help="neither the pre-check nor the gates between phases")
    ] = False,
    by_line: Annotated[
        bool, typer.Option("--by-line", help="also what each line of the source was to cost, and has cost")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object and nothing else")] = False,
    file: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="write the result there: JSON lines, .csv or .parquet"),
    ] = None,
) -> None:
    """Try a job: estimate, escrow, metered run, result and bill, on a throw-away ledger.

    Exit status: 0 completed, 2 refused or bad usage, 3 out of totem, 4 the job failed, 5 the provider's side failed.
    """
    with held():  # what follows brings the whole framework, and the report is printed whole
        from totem.cli.running import run_and_print  # noqa: PLC0415  # see above

        status = run_and_print(
            job,
            data,
            schema=schema,
            totem=totem,
            table=table,
            params=param or (),
            workers=workers,
            executor="interpreter" if interpreter else "kernel",
            audit=audit,
            precheck=not no_precheck,
            by_line=by_line,
            as_json=as_json,
            file=file,
        )
    raise typer.Exit(status)
