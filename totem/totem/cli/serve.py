"""``totem serve``: the server of one organisation: the REST API, and the frameworks of the wallet's providers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from totem.api.serve import ApiServer, api_of
from totem.cli.common import AsJson, HomeFolder, LedgerKind, open_home
from totem.cli.output import Output
from totem.interrupts import allowed, held
from totem.logs import configure
from totem.services.errors import BadInput
from totem.services.home import Home
from totem.services.runner import RunnerOptions
from totem.services.serving import serve_providers

__all__ = ["serve"]


def serve(
    *,
    ledger: Annotated[
        LedgerKind | None, typer.Option(help="which ledger the folder must be on (default: whichever it is)")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="join this Fabric network first: its connection profile")
    ] = None,
    msp_id: Annotated[str | None, typer.Option(help="the organisation (default: of the profile's first peer)")] = None,
    msp_folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="with an identity: a folder with signcerts/ and keystore/")
    ] = None,
    wallet: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="with identities: a folder of NAME.id files; repeatable")
    ] = None,
    host: Annotated[
        str, typer.Option(help="address to listen on; put TLS in front of anything but loopback")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="of the REST API; 0: any free one")] = 8080,
    workers: Annotated[int, typer.Option(min=1, max=256, help="worker processes a job")] = 2,
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Serve the REST API, and run the jobs of the providers whose identities are in the wallet, until interrupted.

    A job that runs then goes on at the next start.
    """
    output = Output(as_json=as_json)
    configure(plain=sys.stderr.isatty())
    folder = open_home(home)
    if profile is None and (msp_id or msp_folder or wallet):
        raise BadInput("--msp-id, --msp-folder and --wallet need --profile", code="usage")
    with held():
        if profile is not None:
            _join(output, folder, profile, msp_id=msp_id, msp_folder=msp_folder, wallets=wallet or [])
        _check_ledger(folder, ledger)
        _serve(output, folder, host, port, workers)


def _join(
    output: Output, folder: Home, profile: Path, *, msp_id: str | None, msp_folder: Path | None, wallets: list[Path]
) -> None:
    from totem.services.fabric_home import Joining, join  # noqa: PLC0415  # brings Fabric's messages

    joined = join(folder, Joining(profile, msp_id, msp_folder, wallets=wallets))
    for name, (_, error) in joined.refused.items():
        output.note(f"{name} is not taken in: {error.message}", style="yellow")


def _check_ledger(folder: Home, ledger: LedgerKind | None) -> None:
    there = LedgerKind.fabric if folder.is_on_fabric else LedgerKind.embedded
    if ledger is LedgerKind.fabric and there is not ledger:
        raise BadInput(
            f"{folder.root} has joined no Fabric network",
            code="not-joined",
            hint="give --profile FILE with --msp-folder DIR or --wallet DIR",
        )
    if ledger is LedgerKind.embedded and there is not ledger:
        raise BadInput(f"{folder.root} is a place on a Fabric network", code="other-ledger", hint="give another --home")


def _serve(output: Output, folder: Home, host: str, port: int, workers: int) -> None:
    folder.consortium  # noqa: B018  # says at once where there is none
    api = ApiServer(api_of(folder), host, port)
    with serve_providers(folder, RunnerOptions(workers=workers)) as providers:
        own = _own_stores(folder, providers)
        output.document({"home": str(folder.root), "api": api.url, "providers": providers, "own_stores": own})
        output.line(f"REST API    {api.url}/v1/docs   (`totem api token NAME` makes tokens)")
        output.line(f"providers   {', '.join(providers) or 'none of the wallet may act yet: the log says why'}")
        if own:
            output.note(
                f"results over 1 MB of {', '.join(own)} are in folders that only machines which have them mounted can"
                " read: where consumers or combining providers have not, give `totem provider init NAME --result-store"
                " s3://…`, or --result-url https://…",
                style="yellow",
            )
        sys.stdout.flush()
        with allowed():
            api.run()
        output.note("stopping; a job that runs goes on at the next start")


def _own_stores(folder: Home, providers: list[str]) -> list[str]:
    """Return whose large results only machines that share a folder can read; the embedded ledger has but one."""
    if not folder.is_on_fabric:
        return []
    return [name for name in providers if folder.store(name).result_place.told.startswith("file:")]
