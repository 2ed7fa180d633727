"""``totem dev``: a whole consortium for development on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from totem.api.serve import ApiServer, api_of
from totem.cli.admin import print_identities
from totem.cli.common import LedgerKind, open_home
from totem.cli.output import Output
from totem.interrupts import allowed, held
from totem.logs import configure
from totem.services.claim import Claim
from totem.services.development import (
    CONSUMER,
    MOST_PROVIDERS,
    USUAL_PROVIDERS,
    on_embedded,
    on_fabric,
)
from totem.services.errors import Missing
from totem.services.home import Home
from totem.services.runner import RunnerOptions
from totem.services.serving import serve_providers

__all__ = ["dev"]


def dev(
    *,
    folder: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", envvar="TOTEM_HOME", help="where it lives (default: ~/.totem)"),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="of the REST API; 0: any free one")] = 8080,
    workers: Annotated[int, typer.Option(min=1, max=256, help="worker processes a job")] = 2,
    providers: Annotated[
        int, typer.Option(min=1, max=MOST_PROVIDERS, help="how many a consortium gets that is founded now")
    ] = USUAL_PROVIDERS,
    ledger: Annotated[
        LedgerKind, typer.Option(help="embedded, or a Fabric network of plain processes (needs FABRIC_BIN)")
    ] = LedgerKind.embedded,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object when everything is up")] = False,
) -> None:
    """Start providers with their frameworks, a consumer, a ledger and the REST API."""
    output = Output(as_json=as_json)
    configure(plain=sys.stderr.isatty())
    home = open_home(folder)
    with held():
        if ledger is LedgerKind.embedded:
            prepared = on_embedded(home, providers)
        else:
            prepared = on_fabric(home, providers, say=output.note)
        with prepared as (claim, is_new):
            _serve(output, home, folder, port, workers, claim=claim, is_new=is_new)


def _serve(
    output: Output, home: Home, folder: Path | None, port: int, workers: int, *, claim: Claim, is_new: bool
) -> None:
    """Serve until interrupted; jobs that run then are left, and go on at the next start."""
    consumers = [item["name"] for item in home.identities() if item["role"] == "consumer"]
    if not consumers:
        raise Missing(f"the consortium in {home.root} has no consumer", hint="`totem admin enrol NAME --role consumer`")
    who = CONSUMER if CONSUMER in consumers else str(consumers[0])
    api = ApiServer(api_of(home), "127.0.0.1", port)
    claim.tell(api.url)
    token, _ = home.tokens.issue(who, "totem dev")
    # Who is enrolled later has a server of its own (`totem provider start`), as an organisation would.
    with serve_providers(home, RunnerOptions(workers=workers), retry_seconds=None) as providers:
        output.document(
            {"home": str(home.root), "api": api.url, "token": token, "consumer": who, "providers": providers}
        )
        output.line(f"a consortium {'is founded' if is_new else 'runs'} in {home.root}")
        print_identities(output, home.identities())
        output.line()
        output.line(f"REST API    {api.url}/v1/docs")
        output.line(f"token       {token}   ({who}; shown once)")
        output.line()
        output.line("in another terminal:")
        if folder is not None:
            output.line(f"  export TOTEM_HOME={home.root}")
        for line in _steps(providers, who):
            output.line(f"  {line}")
        output.line()
        output.line("Ctrl-C ends it; what is in the folder stays")
        sys.stdout.flush()
        with allowed():
            api.run()
        output.note("stopping; a job that runs goes on at the next start")


def _steps(providers: list[str], who: str) -> list[str]:
    if not providers:
        return ["totem provider init NAME"]
    return [
        f"totem provider publish DATASET DATA --as {providers[0]}",
        f"totem access request DATASET --purpose TEXT --as {who}",
        f"totem provider requests --as {providers[0]}; totem provider approve ACCESS --as {providers[0]}",
        f"totem job submit JOB.py DATASET --totem N --watch --as {who}",
        f"totem job bill JOB --as {who}; totem job result JOB --as {who}",
        *(_joint_steps(providers, who) if len(providers) > 1 else ()),
    ]


def _joint_steps(providers: list[str], who: str) -> list[str]:
    first, second = providers[:2]
    return [
        "# one job over two providers' data, which each of them keeps:",
        f"totem provider publish DATASET1 DATA1 --combining any --auto-approve --as {first}",
        f"totem provider publish DATASET2 DATA2 --combining any --auto-approve --as {second}",
        f"totem access request DATASET1 --purpose TEXT --as {who}   (and DATASET2)",
        f"totem job submit JOB.py DATASET1 DATASET2 --totem N --watch --as {who}",
    ]
