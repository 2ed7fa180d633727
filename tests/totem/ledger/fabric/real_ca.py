"""A real fabric-ca server on this machine, where there is one: its program is in FABRIC_BIN or on PATH."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

PROGRAM = "fabric-ca-server"


def program() -> str | None:
    """Return the server's path, or None where this machine has none."""
    return shutil.which(PROGRAM, path=os.pathsep.join((os.environ.get("FABRIC_BIN", ""), os.environ["PATH"])))


class RealCa:
    """A CA with the registrar ``admin``/``adminpw`` in ``folder``; ``signing`` is (certificate, key) of a CA to be."""

    def __init__(self, folder: Path, name: str = "org1", signing: tuple[Path, Path] | None = None) -> None:
        port, operations = _free(), _free()
        self.name = name
        self.address = f"https://127.0.0.1:{port}"
        self._certificate = folder / "ca-cert.pem"
        folder.mkdir(parents=True, exist_ok=True)
        if signing is not None:
            self._certificate = folder / "signing-cert.pem"
            shutil.copy(signing[0], self._certificate)
            shutil.copy(signing[1], folder / "signing-key.pem")
        named = ["--ca.certfile", "signing-cert.pem", "--ca.keyfile", "signing-key.pem"] if signing else []
        with (folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                [
                    *(program(), "start", "--home", folder, "-b", "admin:adminpw", "--ca.name", name, *named),
                    *("--address", "127.0.0.1", "--port", str(port), "--tls.enabled"),
                    *("--csr.hosts", "127.0.0.1,localhost"),
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "FABRIC_CA_SERVER_OPERATIONS_LISTENADDRESS": f"127.0.0.1:{operations}"},
            )
        end = time.monotonic() + 20
        while not _listens(port):
            assert self._process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, "fabric-ca-server does not listen"
            time.sleep(0.05)

    @property
    def tls_ca(self) -> bytes:
        return self._certificate.read_bytes()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
