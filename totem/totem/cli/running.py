"""Running one job for ``totem run``: who is asked, what is shown, how its end is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal

import typer

from totem.cli.amounts import amount
from totem.cli.entry import process_began
from totem.cli.escrow import escrow_hint
from totem.cli.hints import program_error_hint
from totem.cli.lines import print_lines
from totem.cli.output import Output, show
from totem.cli.refusals import refusal_text
from totem.cli.results import check_file, print_bill, print_result, write_file, written
from totem.logs import configure
from totem.services.errors import BadInput
from totem.services.report import Bounds, Report
from totem.services.run import RunRequest, run_job, upper_or_refuse
from totem.services.runner import RunnerOptions
from totem_ccf.engines.local import Progress
from totem_sdk.program import Program

__all__ = ["run_and_print"]


def run_and_print(
    job: Path,
    data: Sequence[str],
    *,
    schema: Path | None,
    totem: int | None,
    table: str,
    params: Sequence[str],
    workers: int | None,
    executor: Literal["kernel", "interpreter"],
    audit: bool,
    precheck: bool,
    by_line: bool,
    as_json: bool,
    file: Path | None,
) -> int:
    """Run a job to its end and print what it came to; the arguments are the command's. Returns the exit status."""
    output = Output(as_json=as_json)
    configure("critical")  # what goes wrong here is in the report
    request = RunRequest(
        job=job,
        data=data,
        schema=schema,
        totem=totem,
        table=table,
        params=params,
        options=RunnerOptions(workers=workers or os.cpu_count() or 1, executor=executor, audit=audit),
        precheck=precheck,
        by_line=by_line,
        began=process_began(),
    )
    return _print(output, run_job(request, _Terminal(output, file)), job, file)


def _print(output: Output, report: Report, job: Path, file: Path | None) -> int:
    """Print a report and write the result's file; returns the exit status."""
    as_json = output.as_json
    output.document_parts(report.json_parts())
    if report.state == "provider_failed":
        # The document says the kind, as a consumer sees it; file and row are for the owner of the data, who runs this.
        output.trouble(f"error: the provider's side failed: {report.detail or (report.error or {}).get('kind')}")
    if not as_json:
        print_report(output, report, job, shown=file is None)
    status = report.exit_status
    if file is not None and report.emits is not None:
        try:
            write_file(file, report.lines, report.emits)
        except BadInput as error:
            # The job has run and is paid for: what was printed stands, and the status says that a part is missing.
            output.trouble(f"error: {error.message}")
            status = status or error.exit_status
        else:
            output.note(written(report.lines, file, partial=report.partial))
    return status


class _Terminal:
    """Shows the estimate and the running meter, and asks for the escrow where somebody can answer."""

    def __init__(self, output: Output, file: Path | None) -> None:
        self._output = output
        self._file = file
        self._phases: list[str] = []

    def reading(self, data: Sequence[str]) -> None:
        if self._output.fancy_notes:
            self._output.note(f"reading {', '.join(data)} …", style="dim")

    def noted(self, note: str) -> None:
        self._output.note(f"note: {note}")

    def accepted(self, program: Program) -> None:
        self._phases = [f"step {phase.step} {phase.kind}" for phase in program.phases]
        if self._file is not None:
            check_file(self._file, program.steps[-1].result)

    def estimated(self, bounds: Bounds) -> None:
        self._output.note(
            f"estimate: at least {show(bounds.lower)}, probably {show(bounds.expected)},"
            f" at most {show(bounds.upper) if bounds.upper is not None else 'unbounded'} totem"
        )

    def audited(self, charges: int) -> None:
        self._output.note(
            f"--audit: about {show(charges)} charges, each reported by itself; that takes long (Ctrl-C ends it)",
            style="yellow",
        )

    def choose(self, bounds: Bounds) -> int:
        if self._output.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return upper_or_refuse(bounds)
        answer: int = typer.prompt(
            "totem to put into escrow",
            default=None if bounds.enough is None else show(bounds.enough),
            value_proc=amount,
            err=True,
        )
        return answer

    def running(self, escrow: int) -> AbstractContextManager[Callable[[Progress], None]]:
        return _metered(self._output, escrow, self._phases)


@contextmanager
def _metered(output: Output, escrow: int, phases: Sequence[str]) -> Iterator[Callable[[Progress], None]]:
    """Show the meter where standard error is a terminal, and nothing in a pipe."""
    if not output.fancy_notes:
        yield lambda _: None
        return
    from totem.cli.progress import Meter  # noqa: PLC0415  # brings Rich

    with Meter(output, escrow, phases) as meter:
        yield meter.update


def print_report(output: Output, report: Report, job: Path, *, shown: bool) -> None:
    """Print how a run ended: result and bill on standard output, everything else on standard error."""
    match report.state:
        case "refused":
            if report.in_source:
                output.note(refusal_text(report.refusals, str(job), _source(job)), style="red")
            else:
                output.note(f"refused: {report.detail}", style="red")
            return
        case "provider_failed":
            output.note(f"{show(report.returned)} totem returned")
            return
        case "failed":
            error = report.error or {}
            output.note(f"error: the job failed: {error.get('kind')} in line {error.get('line')}", style="red")
            output.note(_line(job, error.get("line")))
            if hint := program_error_hint(error.get("kind")):
                output.note(f"hint: {hint}")
        case "interrupted":
            output.note(report.detail, style="yellow")
            return
        case "out_of_totem":
            output.note(report.detail or "the job halted: out of totem", style="yellow")
            if not report.detail and (hint := escrow_hint(report.estimate, report.escrow)):
                output.note(f"hint: {hint}")
        case "completed":
            pass
    if shown and report.state in ("completed", "out_of_totem"):
        print_result(output, report.lines, partial=report.partial)
        output.line()
    print_bill(output, report.bill, report.used)
    output.line()
    if report.by_line is not None:
        print_lines(output, report.by_line)
        output.line()
    output.line(
        f"{report.state}: escrow {show(report.escrow)}, used {show(report.used)},"
        f" returned {show(report.returned)} totem, in {report.seconds.total:.1f} s"
    )


def _source(job: Path) -> str | None:
    """Return the source for excerpts; None where it can't be read (the refusal says why)."""
    try:
        return job.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return None


def _line(job: Path, number: Any) -> str:
    lines = (_source(job) or "").splitlines()
    if not isinstance(number, int) or not 1 <= number <= len(lines):
        return ""
    return f"{number:>5} | {lines[number - 1]}"
