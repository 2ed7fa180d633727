"""``totem admin ca``: identities from the organisation's own fabric-ca."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from totem.cli.common import AsJson, when
from totem.cli.group import group
from totem.cli.output import Output
from totem.services.errors import BadInput

if TYPE_CHECKING:
    from totem.services.fabric_ca import CaIdentities

__all__ = ["app"]

app = group("Identities from the organisation's own fabric-ca.")

Url = Annotated[str | None, typer.Option(metavar="URL", help="the CA's server, https://HOST:PORT")]
Profile = Annotated[Path | None, typer.Option(metavar="FILE", help="or a common connection profile that names the CA")]
MspId = Annotated[str | None, typer.Option(help="with --url: the organisation that the CA certifies for")]
CaName = Annotated[str, typer.Option(metavar="NAME", help="which CA, where there are several")]
TlsCa = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="with --url: what the server's TLS certificate is checked with (PEM)"),
]
Registrar = Annotated[
    Path, typer.Option(metavar="DIR", help="who registers and revokes: a folder with signcerts/ and keystore/")
]


@app.command()
def enrol(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="where the identity goes; `admin join` takes it from there")],
    *,
    url: Url = None,
    profile: Profile = None,
    msp_id: MspId = None,
    ca_name: CaName = "",
    tls_ca: TlsCa = None,
    as_json: AsJson = False,
) -> None:
    """Have a new key certified for somebody who is registered; the secret is asked for, or in TOTEM_CA_SECRET."""
    found = _ca(url, profile, msp_id, ca_name, tls_ca).enrol(name, _secret(), out)
    _show(Output(as_json=as_json), found)


@app.command()
def renew(
    msp_folder: Annotated[
        Path, typer.Option(metavar="DIR", help="the identity: a folder with signcerts/ and keystore/")
    ],
    *,
    url: Url = None,
    profile: Profile = None,
    msp_id: MspId = None,
    ca_name: CaName = "",
    tls_ca: TlsCa = None,
    as_json: AsJson = False,
) -> None:
    """Have a new key certified in place of one whose certificate is still valid."""
    _show(Output(as_json=as_json), _ca(url, profile, msp_id, ca_name, tls_ca).renew(msp_folder))


@app.command()
def register(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    role: Annotated[str, typer.Option(help="consumer, provider or consortium")],
    registrar: Registrar,
    *,
    attribute: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="a further attribute of its certificates; repeatable")
    ] = None,
    url: Url = None,
    profile: Profile = None,
    msp_id: MspId = None,
    ca_name: CaName = "",
    tls_ca: TlsCa = None,
    as_json: AsJson = False,
) -> None:
    """Make somebody known to the CA with a role, and print the secret to enrol with."""
    output = Output(as_json=as_json)
    if role not in {"consumer", "provider", "consortium"}:
        raise BadInput("--role is consumer, provider or consortium", code="usage")
    attributes = dict(_pair(text) for text in attribute or ())
    secret = _ca(url, profile, msp_id, ca_name, tls_ca).register(registrar, name, role, attributes)
    output.document({"name": name, "secret": secret})
    output.line(secret)
    output.note(f"{name} enrols with it, once: `totem admin ca enrol {name} --out DIR`; nobody can ask for it again")


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    registrar: Registrar,
    *,
    reason: Annotated[
        str, typer.Option(help="such as keycompromise, superseded, cessationofoperation")
    ] = "unspecified",
    url: Url = None,
    profile: Profile = None,
    msp_id: MspId = None,
    ca_name: CaName = "",
    tls_ca: TlsCa = None,
    as_json: AsJson = False,
) -> None:
    """Revoke all certificates of somebody at the CA; peers go on until they have the new list."""
    output = Output(as_json=as_json)
    serials = _ca(url, profile, msp_id, ca_name, tls_ca).revoke(registrar, name, reason)
    output.document({"name": name, "serials": serials})
    output.line(f"{len(serials)} certificates of {name} are revoked")
    output.note("peers learn of it from the channel: `totem admin ca revocation-list`, then `totem admin ca push-list`")


@app.command("revocation-list")
def revocation_list(
    registrar: Registrar,
    out: Annotated[Path, typer.Option(metavar="FILE", help="where the list goes (PEM)")],
    *,
    url: Url = None,
    profile: Profile = None,
    msp_id: MspId = None,
    ca_name: CaName = "",
    tls_ca: TlsCa = None,
    as_json: AsJson = False,
) -> None:
    """Write the CA's revocation list, to be put into the channel's configuration (docs/fabric-tools.md)."""
    output = Output(as_json=as_json)
    _ca(url, profile, msp_id, ca_name, tls_ca).revocation_list(registrar, out)
    output.document({"file": str(out)})
    output.line(f"written to {out}")
    output.note(f"`totem admin ca push-list {out} --profile FILE --msp-folder DIR` puts it in force on the channel")


@app.command("push-list")
def push_list(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a revocation list of any CA of the organisation (PEM)")],
    profile: Annotated[Path, typer.Option(metavar="FILE", help="the connection profile of the network")],
    msp_folder: Annotated[
        Path,
        typer.Option(metavar="DIR", help="the organisation's administrator: a folder with signcerts/ and keystore/"),
    ],
    *,
    msp_id: Annotated[str | None, typer.Option(help="the organisation (default: of the profile's first peer)")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a revocation list and put it in force on the channel; a bad one never gets there (docs/fabric.md)."""
    from totem.services.fabric_ca import push_revocation_list  # noqa: PLC0415  # brings Fabric's messages

    output = Output(as_json=as_json)
    pushed = push_revocation_list(file, profile, msp_folder, msp_id)
    serials = sorted(pushed.serials)
    behind = list(pushed.behind)
    output.document({"block": pushed.block, "serials": [f"{serial:x}" for serial in serials], "behind": behind})
    output.line(f"in force from block {pushed.block}; revoked on it: {len(serials)}")
    if behind:
        output.note(f"these peers don't answer, and have it when they are back: {', '.join(behind)}")


def _ca(url: str | None, profile: Path | None, msp_id: str | None, ca_name: str, tls_ca: Path | None) -> CaIdentities:
    from totem.services.fabric_ca import CaAt, CaIdentities  # noqa: PLC0415  # brings Fabric's messages

    return CaIdentities(CaAt(url, profile, msp_id, ca_name, tls_ca))


def _show(output: Output, found: dict[str, Any]) -> None:
    output.document(found)
    output.fields(
        {
            "participant": found["participant"],
            "role": found["role"] or "none",
            "valid until": when(found["expires_at"]),
            "in": found["msp_folder"],
        }
    )
    if found["role"]:
        output.note(f"`totem admin join --profile FILE --msp-folder {found['msp_folder']}` takes it in")


def _secret() -> str:
    """Return the secret: never from the command line, which every user of the machine can read."""
    if secret := os.environ.get("TOTEM_CA_SECRET"):
        return secret
    if not sys.stdin.isatty():
        raise BadInput("the secret is missing: set TOTEM_CA_SECRET, or run it in a terminal to be asked", code="usage")
    asked: str = typer.prompt("secret", hide_input=True, err=True)
    return asked


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise BadInput(f"{text!r}: give an attribute as NAME=VALUE", code="usage")
    return name, value
