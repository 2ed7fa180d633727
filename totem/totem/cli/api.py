"""``totem api``: the REST API's server and its tokens."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from totem.cli.common import AsJson, HomeFolder, open_home, when
from totem.cli.group import group
from totem.cli.output import Output

__all__ = ["app"]

app = group("Serve the REST API, make and revoke its tokens.")


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="address to listen on; put TLS in front of anything but loopback")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any free one")] = 8080,
    home: HomeFolder = None,
) -> None:
    """Serve the REST API until interrupted."""
    from totem.api.serve import serve_api  # noqa: PLC0415  # brings FastAPI
    from totem.logs import configure  # noqa: PLC0415  # as above

    configure(plain=sys.stderr.isatty())
    serve_api(open_home(home), host, port)


@app.command()
def token(
    identity: Annotated[str, typer.Argument(metavar="NAME", help="the identity that it stands for")],
    label: Annotated[str, typer.Option(help="what it is for")] = "",
    days: Annotated[int, typer.Option(min=1, max=366)] = 90,
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for an identity of the wallet. It is shown once and never again."""
    output = Output(as_json=as_json)
    folder = open_home(home)
    folder.session(identity)  # there must be such an identity
    made, described = folder.tokens.issue(identity, label, days * 86_400)
    output.document({"token": made, **described.to_json()})
    output.line(made)
    output.note(f"valid for {days} days; keep it secret, it is not shown again")


@app.command()
def tokens(home: HomeFolder = None, as_json: AsJson = False) -> None:
    """List the tokens (not what they are)."""
    output = Output(as_json=as_json)
    found = open_home(home).tokens.tokens()
    output.document([item.to_json() for item in found])
    output.table(
        ["token", "identity", "label", "made", "expires"],
        [
            [item.token_id, item.identity, item.label, when(item.created * 1_000), when(item.expires * 1_000)]
            for item in found
        ],
        lesser=["made", "label"],
        long="label",
        none="none; `totem api token NAME` makes one",
    )


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="TOKEN", help="its id, as `totem api tokens` lists it")],
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a token worthless at once."""
    output = Output(as_json=as_json)
    open_home(home).tokens.revoke(token_id)
    output.document({"token_id": token_id, "revoked": True})
    output.line(f"{token_id} is revoked")
