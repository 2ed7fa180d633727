"""``totem provider``: publish data, answer requests, run jobs."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from totem.cli.access import print_access
from totem.cli.amounts import positive
from totem.cli.common import As, AsJson, HomeFolder, Yes, open_home, open_session, when
from totem.cli.dataset import print_dataset
from totem.cli.group import group
from totem.cli.output import Output
from totem.cli.result_store import ResultUrl, ServeResults, StoreUrl, keep_results, serving_results
from totem.cli.results import write_lines
from totem.interrupts import stopping
from totem.services.directory import Directory
from totem.services.errors import BadInput, NotAllowed
from totem.services.handover import hand_over
from totem.services.inputs import read_json
from totem.services.provider import Provider
from totem_chaincode.job_states import is_joint

__all__ = ["app"]

app = group("Publish data that stay where they are, answer requests, run jobs.")

AccessId = Annotated[str, typer.Argument(metavar="ACCESS")]


@app.command()
def init(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    *,
    home: HomeFolder = None,
    by: Annotated[str | None, typer.Option("--by", help="identity of the consortium that enrols it")] = None,
    result_store: StoreUrl = None,
    result_url: ResultUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make this folder's provider NAME: certificate, enrolment, and the folder in which it keeps what is secret."""
    output = Output(as_json=as_json)
    folder = open_home(home)
    record = folder.enrol(name, "provider", by=by)
    store = folder.store(name)
    place = keep_results(store, result_store, result_url)
    folder.use(name)
    output.document({**record, "folder": str(store.root), "result_store": place.store, "result_url": place.told})
    output.line(f"{record['participant']} is enrolled as provider; commands now act as {name}")
    output.note(f"it keeps its data's places and salts in {store.root}, large results (encrypted) in {place.store}")


@app.command()
def publish(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="its name on the ledger")],
    data: Annotated[
        list[str], typer.Argument(metavar="DATA...", help="Parquet, CSV, JSON lines or text: files, folders, globs")
    ],
    *,
    title: Annotated[str, typer.Option(help="one line for the catalogue")] = "",
    description: Annotated[str, typer.Option(help="what consumers should know")] = "",
    schema: Annotated[Path | None, typer.Option(metavar="FILE", help="columns and their types, as JSON")] = None,
    hide: Annotated[list[str] | None, typer.Option(metavar="COL", help="a column no job may use; repeatable")] = None,
    max_groups: Annotated[int | None, typer.Option(min=1, help="most lines that a result may have")] = None,
    max_result_bytes: Annotated[int | None, typer.Option(min=1, help="most bytes that a result may have")] = None,
    auto_approve: Annotated[
        bool, typer.Option("--auto-approve", help="grant every request for access at once")
    ] = False,
    combining: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="who may combine its groups with other providers', or any; repeatable"),
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="policy fields as JSON")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="publish every file as text lines")] = False,
    file_names: Annotated[
        bool, typer.Option("--file-names", help="publish text lines, and with each the name of its file")
    ] = False,
    revise: Annotated[bool, typer.Option("--revise", help="publish a new version of your dataset")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only show what would be published; with --json in full")
    ] = False,
    yes: Yes = False,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Publish a dataset's schema, statistics, digests and policy; the rows stay where they are.

    What everybody will see is shown first.
    """
    from totem.services import publish as publishing  # noqa: PLC0415  # brings pyarrow
    from totem.services.data import delimiter_notes  # noqa: PLC0415  # see above

    output = Output(as_json=as_json)
    folder = open_home(home)
    session = folder.session(as_)
    if session.role != "provider":  # rather than after all data are read
        raise NotAllowed(f"only a provider publishes data; {session.participant} is a {session.role}")
    publishing.check_name(session, dataset, revise=revise)
    fields = _policy(policy, hide, max_groups, max_result_bytes, auto_approve=auto_approve)
    if combining:
        fields["combining_providers"] = _combining(output, folder.directory(as_), combining)
    publication = publishing.prepare(
        dataset,
        data,
        title=title,
        description=description,
        schema=schema,
        policy=fields,
        lines=lines,
        file_names=file_names,
    )
    planned = {"dataset_id": dataset, "provider": session.participant, **publication.metadata()}
    if not as_json:
        output.line("this is what everybody on the ledger will see, with when it was published (and nothing else):")
        print_dataset(output, {**planned, "version": "(new)"})
        output.note("(`--dry-run --json` shows every count and digest)", style="dim")
        for name, reason in publication.omitted:
            output.note(f"column {name} is left out: {reason}")
        for note in delimiter_notes(publication.dataset) if schema is None else ():
            output.note(f"note: {note}")
    if dry_run:
        output.document(planned)
        return
    if not yes:
        if as_json:
            raise BadInput("--json can't ask: give --yes as well", code="usage")
        _confirm("publish it?")
    record = publishing.publish(session, folder.store(session.name), publication, revise=revise)
    output.document(record)
    output.line(f"{dataset} version {record['version']} is published")


def _confirm(question: str) -> None:
    """Ask, and end where the answer is no.

    Raises:
        BadInput: there is nobody to ask.
    """
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        raise BadInput(f"{question} nobody answers: there is no terminal", code="usage", hint="give --yes") from None
    if not agreed:
        raise typer.Abort


def _policy(
    file: Path | None,
    hide: list[str] | None,
    max_groups: int | None,
    max_result_bytes: int | None,
    *,
    auto_approve: bool,
) -> dict[str, Any]:
    fields = read_json(file, "the policy", "a policy is a JSON object") if file is not None else {}
    if not isinstance(fields, dict):
        raise BadInput(f"the policy {str(file)!r} is not a JSON object", code="bad-policy")
    if hide:
        fields["hidden_columns"] = sorted({*fields.get("hidden_columns", ()), *hide})
    if max_groups is not None:
        fields["max_groups"] = max_groups
    if max_result_bytes is not None:
        fields["max_result_bytes"] = max_result_bytes
    if auto_approve:
        fields["approval"] = "auto"
    return fields


def _combining(output: Output, directory: Directory, names: list[str]) -> str | list[str]:
    """Return whom names on the command line let combine: ``any``, or providers.

    Somebody who is enrolled only later is named in full, ``name@msp``; whether that is meant is asked in a note.

    Raises:
        BadInput: ``any`` and others, or a bare name that no provider has, or several have.
    """
    if "any" in names and len(names) > 1:
        raise BadInput("--combining any allows everybody: name nobody besides", code="usage")
    return "any" if "any" in names else [_may_combine(output, directory, name) for name in names]


def _may_combine(output: Output, directory: Directory, name: str) -> str:
    try:
        return directory.find(name, "provider")
    except BadInput as error:
        if error.code != "unknown-participant" or "@" not in name:
            raise
        output.trouble(f"note: --combining {name}: nobody of this name is enrolled yet ({error.hint})")
        return name


@app.command()
def start(
    *,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="worker processes a job (default: all cores)")
    ] = None,
    worker_memory: Annotated[
        int | None, typer.Option(metavar="MIB", min=256, help="memory that a worker process may use (default: 8192)")
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="jobs that run at a time")] = 2,
    once: Annotated[bool, typer.Option("--once", help="end when no job is open any more")] = False,
    result_store: StoreUrl = None,
    result_url: ResultUrl = None,
    serve_results: ServeResults = None,
    home: HomeFolder = None,
    as_: As = None,
) -> None:
    """Serve: accept jobs on your datasets and bring each to its end; goes on where it was after a crash."""
    from totem.logs import configure, logger  # noqa: PLC0415  # as below
    from totem.services.ending import breaking_off  # noqa: PLC0415  # as below
    from totem.services.runner import RunnerOptions  # noqa: PLC0415  # brings the framework
    from totem.services.server import open_server  # noqa: PLC0415  # brings the framework

    configure(plain=sys.stderr.isatty())
    folder = open_home(home)
    options = RunnerOptions(workers=workers or os.cpu_count() or 1)
    if worker_memory is not None:
        options = replace(options, worker_memory=worker_memory << 20)
    store = folder.store_of(as_)
    with (
        serving_results(store, serve_results, result_store, result_url) as place,
        open_server(folder.session(as_), store, options, at_once=at_once) as server,
        breaking_off(folder.consortium, server.ending),
        stopping(server.stop),
    ):
        logger("provider").info("large results are kept", store=place.store, told=place.told)
        if once:
            server.drain()
        else:
            server.serve()


@app.command()
def requests(
    everything: Annotated[bool, typer.Option("--all", help="also those that are answered")] = False,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """List requests for access to your datasets."""
    output = Output(as_json=as_json)
    found = Provider(open_session(home, as_)).requests(None if everything else "requested")
    output.document(found)
    print_access(output, found)


@app.command()
def approve(
    access_id: AccessId,
    *,
    days: Annotated[int, typer.Option(min=1, help="how long the grant lasts")] = 30,
    quota: Annotated[
        int | None, typer.Option(parser=positive, metavar="N", help="totem that may be spent under it (default: any)")
    ] = None,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Grant a request for access, for its purpose."""
    output = Output(as_json=as_json)
    record = Provider(open_session(home, as_)).approve(access_id, days=days, quota=quota)
    output.document(record)
    output.line(f"{access_id}: granted to {record['consumer']} until {when(record['expires_at'])}")


@app.command()
def deny(
    access_id: AccessId,
    reason: Annotated[str, typer.Option(help="why; readable by everybody on the ledger")],
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Deny a request for access."""
    output = Output(as_json=as_json)
    output.document(Provider(open_session(home, as_)).deny(access_id, reason))
    output.line(f"{access_id}: denied")


@app.command()
def withdraw(
    dataset: Annotated[str, typer.Argument(metavar="DATASET")],
    reason: Annotated[str, typer.Option(help="why; readable by everybody on the ledger")],
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Take a dataset out of the catalogue."""
    output = Output(as_json=as_json)
    output.document(Provider(open_session(home, as_)).withdraw(dataset, reason))
    output.line(f"{dataset} is withdrawn")


@app.command()
def decline(
    job: Annotated[str, typer.Argument(metavar="JOB")],
    reason: Annotated[str, typer.Option(help="why; readable by everybody on the ledger")],
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Decline a job that has not begun; everything is returned."""
    output = Output(as_json=as_json)
    output.document(Provider(open_session(home, as_)).decline(job, reason))
    output.line(f"{job} is declined")


@app.command()
def jobs(
    open_only: Annotated[bool, typer.Option("--open", help="only those that have not ended")] = False,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """List the jobs on your datasets and your parts of joint ones; trouble with file and row is not for consumers."""
    output = Output(as_json=as_json)
    folder = open_home(home)
    session = folder.session(as_)
    store = folder.store(session.name)
    # Open joint jobs are in the ledger's list as well, because a server may have to end them; what runs here are parts.
    found = [job for job in Provider(session).jobs(open_only=open_only) if not is_joint(job)]
    for job in found:
        job["trouble"] = store.trouble(job["job_id"])
    output.document(found)
    output.table(
        ["job", "part", "state", "submitted", "consumer", "escrow", "paid", "error", "trouble here"],
        [
            [
                job["job_id"],
                job.get("part", ""),
                job["state"],
                when(job["submitted_at"]),
                job["consumer"],
                job["escrow"],
                job["paid"],
                job["error"]["kind"] if job["error"] else "",
                job["trouble"],
            ]
            for job in found
        ],
        lesser=["part", "submitted", "paid", "error", "escrow", "trouble here", "consumer"],
        long="trouble here",
    )


@app.command()
def result(
    job: Annotated[str, typer.Argument(metavar="JOB")],
    file: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="write it there, as JSON lines")],
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Hand over a result that is in a file, withheld or sealed. Writes the file, prints its salt.

    Give both to the job's consumer, and to nobody else.
    """
    output = Output(as_json=as_json)
    folder = open_home(home)
    session = folder.session(as_)
    if session.role != "provider":
        raise NotAllowed(f"only a provider hands results over; {session.participant} is a {session.role}")
    handed = hand_over(session, folder.store(session.name), job)
    write_lines(file, handed.lines)
    output.document(
        {
            "job_id": job,
            "consumer": handed.consumer,
            "file": str(file),
            "bytes": handed.size,
            "partial": handed.is_partial,
            "withheld": handed.is_withheld,
            "hash": handed.hash,
            "salt": handed.salt,
        }
    )
    output.fields({"for": handed.consumer, "file": str(file), "salt": handed.salt})
    if handed.is_withheld:
        output.note("it is larger than your datasets' policies allow: hand it over only if you want to")
    output.note(f"its consumer reads it with `totem job result {job} --file FILE --salt SALT`")
