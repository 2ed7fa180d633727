"""Record the tapes anew, on the version of Fabric that FABRIC_BIN has.

    FABRIC_BIN=… .venv/bin/python -m tests.tapes.record

A network of two organisations comes up, the drill is deployed behind a proxy that writes down what peers and shim say,
and TOTEM's client runs the session through a proxy that writes down what it and the peers say. Tapes hold everything
in the clear: they are made of test data only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.tapes.gateway_proxy import GatewayProxy
from tests.tapes.session import Session
from tests.tapes.tape import FOLDER, OUTCOMES, Tape, expected_outcomes
from totem.ledger import CertificateAuthority, Wallet
from totem.ledger.fabric import from_wallet

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "network"))

from totem_network.binaries import find  # noqa: E402 -- the path comes first
from totem_network.layout import Network  # noqa: E402


def main() -> int:
    """Record both tapes of one version."""
    version = find().version
    with tempfile.TemporaryDirectory(prefix="totem-tapes-") as place:
        state, streams = Path(place) / "network", Path(place) / "streams"
        streams.mkdir()
        try:
            _network(state, "up", "--orgs", "2", "--orderers", "1")
            serve = [
                "env",
                f"PYTHONPATH={os.pathsep.join(sys.path)}",
                sys.executable,
                "-m",
                "tests.tapes.drill_server",
                str(streams),
            ]
            _network(state, "deploy", "--name", "drill", "--server", *serve)
            gateway = _run_session(Network.load(state), version)
        finally:
            if (state / "network.json").exists():
                _network(state, "down")
        chaincode = _streams(streams, version)
    for kind, tape in (("chaincode", chaincode), ("gateway", gateway)):
        path = FOLDER / f"{kind}-{version}.tape.xz"
        tape.write(path)
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(tape.entries)} entries, {path.stat().st_size:,} bytes\n")
    return 0


def _run_session(network, version: str) -> Tape:
    entries: list[dict] = []
    proxies = {
        each.name: GatewayProxy(each.name, f"127.0.0.1:{each.port}", network.tls_ca(each).read_bytes(), entries)
        for each in network.organisations
    }
    one, two = network.organisations
    people = {
        "ann": from_wallet(Wallet(network.wallet(one)), "consumer"),
        "bob": from_wallet(Wallet(network.wallet(two)), "consumer"),
        "eve": CertificateAuthority.create().issue("eve", one.msp_id, "consumer"),
    }
    try:
        outcomes = Session({name: proxy.address for name, proxy in proxies.items()}, people).run()
    finally:
        for proxy in proxies.values():
            proxy.close()
    certificates = {name: [each.msp_id, each.certificate] for name, each in people.items()}
    if outcomes != expected_outcomes():
        OUTCOMES.write_text(json.dumps(outcomes, indent=1, ensure_ascii=False) + "\n")
        sys.stdout.write(f"{OUTCOMES.relative_to(ROOT)} has changed: see whether that is what you want\n")
    return Tape({"fabric": version, "people": certificates}, entries)


def _streams(folder: Path, version: str) -> Tape:
    lines = [(path.stem, line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return Tape({"fabric": version}, [{"node": node, **json.loads(line)} for node, line in lines])


def _network(state: Path, *arguments: str) -> None:
    subprocess.run([ROOT / "network" / "network", "--state", state, *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main())
