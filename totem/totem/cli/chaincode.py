"""``totem chaincode``: TOTEM's contracts as chaincode as a service on Hyperledger Fabric."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from totem.cli.common import AsJson
from totem.cli.group import group
from totem.cli.output import Output
from totem.interrupts import allowed, begin_end, held
from totem.services.errors import BadInput, ProviderSide

__all__ = ["app"]

app = group("TOTEM's contracts as chaincode on Hyperledger Fabric: package them, serve them to peers.")


@app.command()
def serve(
    package_id: Annotated[
        str, typer.Option("--id", envvar="CHAINCODE_ID", help="package id, as `totem chaincode package` prints it")
    ],
    address: Annotated[
        str, typer.Option(metavar="HOST:PORT", envvar="CHAINCODE_SERVER_ADDRESS", help="where peers connect")
    ],
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", envvar="CHAINCODE_TLS_CERT", help="the server's certificate (PEM)")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", envvar="CHAINCODE_TLS_KEY", help="and its key (PEM)")
    ] = None,
    client_ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="CHAINCODE_CLIENT_CA_CERT",
            help="mutual TLS: peers must show a certificate by this authority (PEM)",
        ),
    ] = None,
) -> None:
    """Serve the contracts to the peers of an organisation until SIGTERM or Ctrl-C.

    Transactions that run then are answered first. Tells its health at the same address (grpc.health.v1).
    """
    _needs_fabric()
    from totem_chaincode.shim import ServerProblem  # noqa: PLC0415  # needs Fabric's messages
    from totem_chaincode.shim.program import Settings, log_to_stderr  # noqa: PLC0415  # as above
    from totem_chaincode.shim.program import serve as run  # noqa: PLC0415  # as above

    log_to_stderr()
    settings = Settings(package_id, address, tls_cert, tls_key, client_ca)
    try:
        with held():
            run(settings, _until_interrupted)
    except ServerProblem as problem:
        raise BadInput(str(problem), code="server") from None


@app.command()
def package(
    address: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="where the organisation's chaincode server is, for its peers")
    ],
    output_file: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="the archive (.tar.gz)")],
    *,
    label: Annotated[str, typer.Option(help="name of this version of the chaincode")] = "totem_1",
    tls_ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TLS: the authority of the server's certificate (PEM)")
    ] = None,
    client_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="mutual TLS: the certificate that the peer shows (PEM)")
    ] = None,
    client_key: Annotated[Path | None, typer.Option(metavar="FILE", help="and its key (PEM)")] = None,
    dial_timeout: Annotated[str, typer.Option(help="how long a peer tries to connect")] = "10s",
    as_json: AsJson = False,
) -> None:
    """Write the package that an organisation installs on its peers, and print its id.

    The same options give the same bytes, and the same id, on every machine. With mutual TLS the peer's key is in it.
    """
    _needs_fabric()
    from totem_chaincode.shim import Connection, PackageProblem, make_package  # noqa: PLC0415  # needs Fabric's messages

    output = Output(as_json=as_json)
    try:
        connection = Connection(address, _text(tls_ca), _text(client_cert), _text(client_key), dial_timeout)
        made = make_package(label, connection)
    except PackageProblem as problem:
        raise BadInput(str(problem), code="package") from None
    if client_cert is not None and client_key is not None:
        _check_pair(client_cert, client_key)
    _write(output_file, made.data)
    output.document({"package_id": made.package_id, "label": made.label, "file": str(output_file)})
    output.line(made.package_id)
    output.note(f"written to {output_file}; `peer lifecycle chaincode install {output_file}` installs it")


def _until_interrupted() -> None:
    try:
        with allowed():
            threading.Event().wait()
    except KeyboardInterrupt:
        begin_end()


def _needs_fabric() -> None:
    """Say what to install where Fabric's message definitions are missing.

    Raises:
        BadInput: they are.
    """
    from importlib.util import find_spec  # noqa: PLC0415  # only here

    if find_spec("fabric_protos") is None:
        raise BadInput(
            "chaincode needs Fabric's message definitions, which are not installed",
            code="no-fabric",
            hint="pip install 'totem-platform[fabric]'",
        )


def _check_pair(certificate: Path, key: Path) -> None:
    """Check that a key is the one of a certificate: a peer that has another one finds out when it connects.

    Raises:
        BadInput: it is not, or one of them can't be read; the key may be encrypted, which peers can't take.
    """
    from cryptography import x509  # noqa: PLC0415  # takes a while
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  # as above

    try:
        certified = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    except ValueError:
        raise BadInput(f"{certificate} can't be read as a certificate (PEM)", code="package") from None
    try:
        own = load_pem_private_key(key.read_bytes(), None).public_key()
    except (ValueError, TypeError):
        raise BadInput(f"{key} can't be read as a key (PEM, without a password)", code="package") from None
    if own != certified:
        raise BadInput(f"{key} is not the key of {certificate}", code="package", hint="both are the peer's own")


def _text(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text("ascii")
    except FileNotFoundError:
        raise BadInput(f"there is no file {file}", code="unreadable") from None
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}", code="unreadable") from None
    except UnicodeDecodeError:
        raise BadInput(f"{file} can't be read as PEM: it is no text", code="unreadable") from None


def _write(file: Path, data: bytes) -> None:
    """Write the archive for its owner's eyes only: with mutual TLS a key is in it."""
    from totem.ledger.files import write_private  # noqa: PLC0415  # brings cryptography

    try:
        write_private(file, data)
    except OSError as error:
        raise ProviderSide(f"{file}: {error.strerror}", code="not-writable") from None
