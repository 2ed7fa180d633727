"""The server as a program: told by options or environment what to serve and where, ended by a signal.

The environment is the one that Fabric's own chaincode-as-a-service programs know: ``CHAINCODE_ID``,
``CHAINCODE_SERVER_ADDRESS`` and, as files, ``CHAINCODE_TLS_CERT``, ``CHAINCODE_TLS_KEY``, ``CHAINCODE_CLIENT_CA_CERT``.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.hosts import is_loopback
from totem_chaincode.shim.server import ChaincodeServer, ServerProblem, Tls

__all__ = ["GRACE_SECONDS", "Settings", "log_to_stderr", "main", "serve"]

GRACE_SECONDS = 5.0
"""How long transactions that run when the server is asked to end may take to be answered."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What to serve: the package id that peers know it by, where to listen, the files for TLS (PEM).

    With ``client_authorities`` peers must show a certificate by one of them (mutual TLS).
    """

    package_id: str
    address: str
    certificate: Path | None = None
    key: Path | None = None
    client_authorities: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read them from the environment.

        Raises:
            ServerProblem: package id or address are not there.
        """
        for name in ("CHAINCODE_ID", "CHAINCODE_SERVER_ADDRESS"):
            if not environment.get(name):
                raise ServerProblem(f"the environment has no {name}: what to serve and where (host:port) must be said")
        names = ("CHAINCODE_TLS_CERT", "CHAINCODE_TLS_KEY", "CHAINCODE_CLIENT_CA_CERT")
        files = [Path(environment[name]) if environment.get(name) else None for name in names]
        return cls(environment["CHAINCODE_ID"], environment["CHAINCODE_SERVER_ADDRESS"], *files)

    def tls(self) -> Tls | None:
        """Return the server's TLS (None: it has none, and listens on this machine only).

        Raises:
            ServerProblem: files are missing or can't be read, or without TLS others than this machine could connect.
        """
        if self.certificate is None or self.key is None:
            if self.certificate or self.key or self.client_authorities:
                raise ServerProblem("TLS needs both, the server's certificate and its key")
            if not is_loopback(self.address.rpartition(":")[0]):
                raise ServerProblem(
                    f"{self.address}: without TLS private data would cross the network in the clear, and anybody could"
                    " connect: give the server's certificate and key, or listen on 127.0.0.1"
                )
            return None
        authorities = self.client_authorities
        return Tls(_read(self.certificate), _read(self.key), _read(authorities) if authorities else None)


def serve(settings: Settings, wait: Callable[[], object]) -> None:
    """Serve TOTEM's contracts until ``wait`` returns; transactions that run then are answered first.

    Raises:
        ServerProblem: the server can't be started.
    """
    server = ChaincodeServer(Chaincode(), settings.package_id, settings.address, tls=settings.tls())
    with server:
        wait()
        server.stop(GRACE_SECONDS)


def log_to_stderr() -> None:
    """Write the server's log to standard error; nothing secret is in it."""
    logging.basicConfig()  # unless the program has handlers, with filters of its own
    for handler in logging.getLogger().handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("totem_chaincode").setLevel(logging.INFO)


def main() -> int:
    """Serve as the environment says until SIGTERM or SIGINT; returns the exit status."""
    log_to_stderr()
    # They are waited for, not handled: a handler that sets an event hangs where the event is just about to wait.
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    try:
        serve(Settings.from_environment(os.environ), lambda: signal.sigwait(ending))
    except ServerProblem as problem:
        sys.stderr.write(f"error: {problem}\n")
        return 2
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ServerProblem(f"{path}: {error.strerror}") from None
