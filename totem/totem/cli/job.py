"""``totem job``: submit jobs, follow them, fetch their bills and results."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from totem.cli.amounts import amount
from totem.cli.common import As, AsJson, HomeFolder, consumer, open_home, when
from totem.cli.escrow import escrow_hint, escrow_text
from totem.cli.following import Followed, providers_text
from totem.cli.group import group
from totem.cli.hints import program_error_hint, provider_trouble
from totem.cli.joint import print_joint_bill, print_part_estimates, print_parts
from totem.cli.lines import print_lines
from totem.cli.output import Output, counted, show
from totem.cli.refusals import explained, noted
from totem.cli.result import purge, result
from totem.cli.results import print_bill
from totem.services.by_line import billed_lines, estimated_lines
from totem.services.consortium import Consortium
from totem.services.consumer import ENDED, Consumer, Submission
from totem.services.errors import BadInput, ProviderSide
from totem.services.inputs import Job, read_job, read_params, with_files
from totem.services.report import EXIT_STATUS, Bounds
from totem_chaincode.contracts.joint_submission import LEAST_PARTS_SECONDS
from totem_chaincode.contracts.results import excess_of
from totem_chaincode.job_states import is_joint, is_over

__all__ = ["app"]

app = group("Submit jobs, follow them, fetch bills and results.")

JobId = Annotated[str, typer.Argument(metavar="JOB")]
JobFile = Annotated[Path, typer.Argument(metavar="JOB.py")]
Datasets = Annotated[list[str], typer.Argument(metavar="DATASET...")]
ActiveTable = Annotated[str | None, typer.Option(help="an active table by name or id (default: the default one)")]
Params = Annotated[list[str] | None, typer.Option(metavar="K=V", help="a parameter of the job; may be repeated")]
CombineAt = Annotated[
    str | None,
    typer.Option("--combine-at", metavar="PROVIDER", help="who combines several providers' partial groups"),
]
ByLine = Annotated[bool, typer.Option("--by-line", help="also what each line of the source costs")]
_POLL_SECONDS = 0.25
_OVERDUE_SECONDS = 60
"""How long after its deadline a job is watched: a provider's server that is alive ends it within seconds."""
_EXIT = {
    **{str(state): status for state, status in EXIT_STATUS.items()},
    "expired": 5,
    "declined": 5,
    "too_few": 5,
    "cancelled": 3,
}


def _long_enough(seconds: int | None) -> int | None:
    if seconds is not None and seconds < LEAST_PARTS_SECONDS:
        raise typer.BadParameter(f"{LEAST_PARTS_SECONDS} seconds at least, not {seconds}")
    return seconds


@app.command()
def submit(
    job: JobFile,
    datasets: Datasets,
    *,
    totem: Annotated[
        int | None, typer.Option(parser=amount, metavar="N", help="totem to put into escrow; must be given")
    ] = None,
    table: ActiveTable = None,
    param: Params = None,
    deadline: Annotated[
        int | None, typer.Option(min=60, help="seconds after which an unfinished job expires (default: 86400, a day)")
    ] = None,
    request_key: Annotated[str | None, typer.Option(help="makes a repetition of this submission the same job")] = None,
    combine_at: CombineAt = None,
    at_least: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="of several providers, how many must deliver (default: all)")
    ] = None,
    parts_within: Annotated[
        int | None,
        typer.Option(
            callback=_long_enough,
            metavar="SECONDS",
            help=f"how long each of several has, {LEAST_PARTS_SECONDS} at least (default: half of --deadline)",
        ),
    ] = None,
    watch_it: Annotated[bool, typer.Option("--watch", help="follow the job until it ends")] = False,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Submit a job to the provider of the datasets: checked, priced, its totem reserved.

    With datasets of several providers each runs its part, one of them combines what comes out.
    """
    output = Output(as_json=as_json)
    if totem is None:
        raise BadInput(
            "--totem N is missing: what goes into escrow", code="usage", hint="`totem job estimate` says how much"
        )
    source = read_job(job)
    caller = consumer(home, as_)
    submission = replace(
        _asked(caller, source, datasets, table, param),
        totem=totem,
        deadline_seconds=deadline,
        request_key=request_key,
        combining=_combining(home, as_, combine_at),
        at_least=at_least,
        parts_seconds=parts_within,
    )
    with explained(output, source):
        record = caller.submit(submission)
    noted(output, source)
    if watch_it:
        output.note(f"{record['job_id']} is submitted")
        raise typer.Exit(_watch(output, caller, record["job_id"], Followed({record["job_id"]: "submitted"})))
    output.document(record)
    output.line(record["job_id"])
    bounds = record["estimate"]
    upper = "unbounded" if bounds["upper"] is None else show(bounds["upper"])
    output.note(
        f"estimate: at least {show(bounds['lower'])}, probably {show(bounds['expected'])}, at most {upper} totem"
    )


@app.command()
def estimate(
    job: JobFile,
    datasets: Datasets,
    *,
    table: ActiveTable = None,
    param: Params = None,
    combine_at: CombineAt = None,
    by_line: ByLine = False,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Say what a job will cost, from the datasets' published statistics; needs no access and changes nothing."""
    output = Output(as_json=as_json)
    source = read_job(job)
    caller = consumer(home, as_)
    submission = replace(_asked(caller, source, datasets, table, param), combining=_combining(home, as_, combine_at))
    with explained(output, source):
        found = caller.estimate(submission)
        if by_line:
            found["lines"] = estimated_lines(caller, submission)
    noted(output, source)
    output.document(found)
    bounds = found["estimate"]
    output.fields(
        {
            "at least": bounds["lower"],
            "probably": bounds["expected"],
            "at most": "unbounded" if bounds["upper"] is None else bounds["upper"],
            "escrow": escrow_text(found["needs"], Bounds(**bounds)),
            "phases": [f"step {phase['step']} {phase['phase']}" for phase in found["phases"]],
            "parameters": [f"{item['name']} = {item['value']}" for item in found["params"]],
            "table": found["table"],
            "program": found["program_id"],
        }
    )
    if "parts" in found:
        print_part_estimates(output, found["parts"])
    if by_line:
        output.line()
        print_lines(output, found["lines"])


@app.command()
def watch(job: JobId, home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """Follow a job until it ends; the exit status says how. Changes nothing."""
    raise typer.Exit(_watch(Output(as_json=as_json), consumer(home, as_), job))


def _asked(
    caller: Consumer, source: Job, datasets: list[str], table: str | None, param: list[str] | None
) -> Submission:
    """Return what a command line asks about: a job on datasets, without totem so far."""
    return Submission(
        source=source.source,
        filename=source.filename,
        datasets=datasets,
        params=with_files(source, read_params(param or ())),
        table=None if table is None else Consortium(caller.session).table_id(table, "active"),
    )


def _combining(home: Path | None, as_: str | None, provider: str | None) -> str | None:
    """Return the provider whom a command line names to combine."""
    return None if provider is None else open_home(home).participant(provider, by=as_, role="provider")


def _watch(output: Output, caller: Consumer, job_id: str, followed: Followed | None = None) -> int:
    """Follow a job to its end and return the exit status that says how it ended; ``followed``: what is told already.

    Raises:
        ProviderSide: its deadline has passed and nobody has ended it.
    """
    followed = followed or Followed()
    while True:
        job = caller.job(job_id)
        for line in followed.news(job):
            output.note(line)
        if job["state"] in ENDED:
            break
        if is_over(job, (time.time() - _OVERDUE_SECONDS) * 1_000):
            raise ProviderSide(
                f"the deadline of {job_id} has passed and its provider has not ended it: it is {job['state']}",
                code="overdue",
                hint=f"`totem job expire {job_id}` ends it: you pay what is settled, from an hour after it nothing",
            )
        time.sleep(_POLL_SECONDS)
    output.document(job)
    if not output.as_json:
        _print_job(output, job)
    return _EXIT[job["state"]]


@app.command()
def status(job: JobId, home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """Show a job as it is now."""
    output = Output(as_json=as_json)
    record = consumer(home, as_).job(job)
    output.document(record)
    if not as_json:
        _print_job(output, record)


def _print_job(output: Output, job: dict[str, Any]) -> None:
    error = job["error"]
    output.fields(
        {
            "job": job["job_id"],
            "state": job["state"],
            "combining" if is_joint(job) else "provider": job["provider"],
            "datasets": [f"{item['dataset_id']} v{item['version']}" for item in job["datasets"]],
            "data": f"{counted(job['data']['rows'], 'row')}, {counted(job['data']['fragments'], 'fragment')}",
            "escrow": job["escrow"],
            "used": job["used"],
            "paid": job["paid"],
            "returned": job["returned"],
        }
    )
    if is_joint(job):
        print_parts(output, job)
    # Only what went wrong is said of it.
    trouble = {
        "error": error and _error(error),
        "reason": job["reason"],
        "withheld": _withheld(job),
    }
    output.fields({name: text for name, text in trouble.items() if text})
    if hint := _hint(job):
        output.note(f"hint: {hint}")


def _error(error: dict[str, Any]) -> str:
    if error["line"]:
        return f"{error['kind']} in line {error['line']}"
    meaning = provider_trouble(error["kind"])
    return f"{error['kind']}: {meaning}" if meaning else str(error["kind"])


def _hint(job: dict[str, Any]) -> str:
    """Say what to do about how a job has ended; empty where there is nothing to do."""
    match job["state"]:
        case "out_of_totem":
            return escrow_hint(Bounds(**job["estimate"]), job["escrow"])
        case "provider_failed":
            back = f"all {show(job['returned'])} totem of the escrow were returned"
            return f"ask {job['provider']}, whose `totem provider jobs` says more; {back}"
    return program_error_hint(job["error"] and job["error"]["kind"])


def _withheld(job: dict[str, Any]) -> str | None:
    """Say what was not delivered, and why."""
    size = job["undelivered"]
    if size is None:
        return None
    excess = excess_of(job["policy"], size["lines"], size["bytes"])
    return f"the result: {excess}; its provider has it and may hand it over, with salted sha256 {size['hash']}"


@app.command()
def bill(
    job: JobId, *, by_line: ByLine = False, home: HomeFolder = None, as_: As = None, as_json: AsJson = False
) -> None:
    """Show the itemised bill of the phases settled so far."""
    output = Output(as_json=as_json)
    caller = consumer(home, as_)
    record = caller.bill(job)
    if by_line:
        record["lines"] = billed_lines(caller.session, job)
    output.document(record)
    print_bill(output, record["bill"], record["used"])
    if "parts" in record:
        print_joint_bill(output, record)
    if by_line:
        output.line()
        print_lines(output, record["lines"])


app.command()(result)
app.command()(purge)


@app.command()
def cancel(job: JobId, home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """Cancel a job: free before it is accepted, later you pay what it has used."""
    output = Output(as_json=as_json)
    record = consumer(home, as_).cancel(job)
    output.document(record)
    output.line(f"{job} is {record['state']}")


@app.command()
def expire(job: JobId, home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """End a job whose deadline has passed: you pay what is settled, and an hour later nothing."""
    output = Output(as_json=as_json)
    record = consumer(home, as_).expire(job)
    output.document(record)
    output.line(f"{job} is {record['state']}: paid {show(record['paid'])}, returned {show(record['returned'])} totem")


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="only jobs in this state")] = None,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """List your jobs, newest first."""
    output = Output(as_json=as_json)
    found = consumer(home, as_).jobs(state)
    output.document([{"parties": [], **job} for job in found])  # as the REST API has it
    output.table(
        ["job", "state", "submitted", "escrow", "paid", "returned", "providers"],
        [
            [
                job["job_id"],
                job["state"],
                when(job["submitted_at"]),
                job["escrow"],
                job["paid"],
                job["returned"],
                providers_text(job),
            ]
            for job in found
        ],
        lesser=["providers", "submitted", "returned", "paid"],
        none="none; `totem job submit JOB.py DATASET --totem N` makes one",
    )
