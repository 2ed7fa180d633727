"""The program of an organisation's chaincode server: TOTEM's contracts, told by environment who and where it is.

Run as a file, not as a module: it needs nothing of this package.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.shim import ChaincodeServer, Tls


def main() -> int:
    """Serve until SIGTERM or SIGINT; transactions that run are answered first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    ended = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: ended.set())
    certificate, key, authority = (
        Path(os.environ[name]).read_bytes()
        for name in ("CHAINCODE_TLS_CERT", "CHAINCODE_TLS_KEY", "CHAINCODE_CLIENT_CA_CERT")
    )
    tls = Tls(certificate, key, authority)
    with ChaincodeServer(
        Chaincode(), os.environ["CHAINCODE_ID"], os.environ["CHAINCODE_SERVER_ADDRESS"], tls=tls
    ) as server:
        ended.wait()
        server.stop(grace=5.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
