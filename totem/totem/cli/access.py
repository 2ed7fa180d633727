"""``totem access``: ask for access to datasets, and see what became of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from totem.cli.common import As, AsJson, HomeFolder, consumer, open_session, when
from totem.cli.group import group
from totem.cli.output import Output
from totem.services.provider import Provider

__all__ = ["app", "print_access"]

app = group("Ask for access to datasets.")


@app.command()
def request(
    dataset: Annotated[str, typer.Argument(metavar="DATASET")],
    purpose: Annotated[str, typer.Option(help="what for; readable by everybody on the ledger")],
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Ask for access to a dataset (granted at once where its policy says so)."""
    output = Output(as_json=as_json)
    record = consumer(home, as_).request_access(dataset, purpose)
    output.document(record)
    output.line(f"{record['access_id']}: access to {dataset} is {record['state']}")
    if record["state"] == "requested":
        output.note(f"the provider {record['provider']} has to answer it")


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="requested, granted, denied or revoked")] = None,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """List your requests and grants, newest first."""
    output = Output(as_json=as_json)
    found = consumer(home, as_).access(state)
    output.document(found)
    print_access(output, found)


@app.command()
def revoke(
    access_id: Annotated[str, typer.Argument(metavar="ACCESS")],
    reason: Annotated[str, typer.Option(help="why")],
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Take a grant back, as the provider who gave it."""
    output = Output(as_json=as_json)
    record = Provider(open_session(home, as_)).revoke(access_id, reason)
    output.document(record)
    output.line(f"{access_id}: revoked")


def print_access(output: Output, found: list[dict[str, Any]]) -> None:
    """Print requests and grants for people."""
    output.table(
        ["access", "dataset", "consumer", "state", "quota", "left", "expires", "purpose", "answer"],
        [
            [
                item["access_id"],
                item["dataset_id"],
                item["consumer"],
                item["state"],
                item["quota"],
                item["quota_left"],
                when(item["expires_at"]),
                item["purpose"],
                item["reason"],
            ]
            for item in found
        ],
        lesser=["quota", "expires", "answer", "left", "purpose", "consumer"],
        long="purpose",
        none="none; a consumer asks: `totem access request DATASET --purpose TEXT`",
    )
