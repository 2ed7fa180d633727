"""``totem ledger``: look at the chain, and prove that it is what it was."""

from __future__ import annotations

from typing import Annotated

import typer

from totem.cli.common import As, AsJson, HomeFolder, open_home, when
from totem.cli.group import group
from totem.cli.output import Output
from totem.services.errors import OutcomeUnknown

__all__ = ["app"]

app = group("Look at the ledger and verify it.")


@app.command()
def show(
    block: Annotated[int | None, typer.Argument(min=0, metavar="BLOCK", help="one block in full")] = None,
    limit: Annotated[int, typer.Option(min=1, help="how many blocks of the newest")] = 20,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest blocks, or one block with everything that its transactions wrote."""
    output = Output(as_json=as_json)
    explorer = open_home(home).explorer(as_)
    if block is None:
        found = explorer.blocks(explorer.height(), limit)
        output.document({"height": explorer.height(), "blocks": found})
        rows = [
            [item["number"], when(item["at"]), tx["function"], tx["creator"], tx["code"], item["hash"][:16]]
            for item in found
            for tx in item["transactions"]
        ]
        output.table(["block", "time", "transaction", "by", "code", "hash"], rows, lesser=["time", "hash", "by"])
        return
    one = explorer.block(block, content=True)
    output.document(one)
    output.fields({name: one[name] for name in ("number", "hash", "previous")} | {"time": when(one["at"])})
    for tx in one["transactions"]:
        output.line()
        output.fields({name: tx[name] for name in ("tx_id", "function", "creator", "code", "event")})
        # A value is a document of any length: it gets lines of its own.
        for write in tx["writes"]:
            output.line(f"state {_key(write['key'])}", style="bold")
            output.line(f"  {write['value']}")
        for write in tx["private_writes"]:
            output.line(f"private {_key(write['key'])}", style="bold")
            output.line(f"  hash {write['hash']}")


@app.command()
def verify(
    anchor: Annotated[
        str | None, typer.Option(help="hash of a block that you have seen: it must still be there")
    ] = None,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Check every signature, hash, validation code and state of the chain. Exit status 1 if something is wrong."""
    output = Output(as_json=as_json)
    report = open_home(home).explorer(as_).verify(anchor)
    output.document(report)
    output.fields(report)
    if not report["ok"]:
        raise typer.Exit(1)


@app.command()
def resume(home: HomeFolder = None, as_json: AsJson = False) -> None:
    """Find out what became of transactions whose fate is unknown. Exit status 6 if one still is."""
    output = Output(as_json=as_json)
    found = open_home(home).resume()
    output.document(found)
    output.table(
        ["transaction", "call", "by", "sent", "outcome"],
        [
            [item["tx_id"], item["function"], item["participant"], when(item["since"]), item["outcome"]]
            for item in found
        ],
        lesser=["sent", "by"],
        none="none: what became of every transaction is known",
    )
    if any(item["outcome"] not in ("committed", "void") for item in found):
        raise typer.Exit(OutcomeUnknown.exit_status)


def _key(key: str) -> str:
    """Return a composite key as people read it."""
    return " ".join(part for part in key.split("\0") if part)
