"""What all commands of a consortium share: whose name they act in, where its files are, times and ids."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from totem.services.consumer import Consumer
from totem.services.errors import NotAllowed
from totem.services.home import Home
from totem.services.session import Session

__all__ = [
    "As",
    "AsJson",
    "HomeFolder",
    "LedgerKind",
    "Yes",
    "consumer",
    "naming_who_may",
    "open_home",
    "open_session",
    "when",
]

As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        envvar="TOTEM_AS",
        help="identity to act as (default: the one in use, `totem admin use`)",
    ),
]
HomeFolder = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", envvar="TOTEM_HOME", help="folder of the consortium (default: ~/.totem)"),
]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")]


class LedgerKind(StrEnum):
    """Which ledger a folder's consortium is on."""

    embedded = "embedded"
    fabric = "fabric"


Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]


def open_home(home: Path | None) -> Home:
    """Return the home folder that the command line or the environment names."""
    return Home(home or Path.home() / ".totem")


def open_session(home: Path | None, name: str | None) -> Session:
    """Return the session of the identity that the command acts as."""
    return open_home(home).session(name)


def consumer(home: Path | None, name: str | None) -> Consumer:
    """Return the consumer that the command acts as."""
    return Consumer(open_session(home, name))


@contextmanager
def naming_who_may(folder: Home, role: str) -> Iterator[None]:
    """Say, where the caller may not do something, who else of the wallet may, if there is just one.

    Raises:
        NotAllowed: the caller may not.
    """
    try:
        yield
    except NotAllowed as error:
        names = [item["name"] for item in folder.identities() if item["role"] == role]
        if error.code != "forbidden" or len(names) != 1:
            raise
        raise NotAllowed(
            error.message, code=error.code, hint=f"`--as {names[0]}` acts as who may", details=error.details
        ) from error


def when(milliseconds: Any) -> str:
    """Return a time of the ledger as people read it (UTC)."""
    if milliseconds is None:
        return "–"
    moment = datetime.datetime.fromtimestamp(int(milliseconds) / 1_000, tz=datetime.UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
