"""The small contract on TOTEM's shim; on npm's it is ``tests/interop/node/chaincode.js``."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import NotFound
from totem_chaincode.shim import ChaincodeServer, Tls
from totem_chaincode.stub import Stub


class Small:
    """``put`` writes a key, ``get`` reads one."""

    def invoke(self, stub: Stub, function: str, args: Mapping[str, Any]) -> Any:
        """Run a transaction, as ``Chaincode.invoke`` does."""
        if function == "put":
            stub.put_state(args["key"], args["value"].encode())
            return args["key"]
        if function == "get":
            found = stub.get_state(args["key"])
            return None if found is None else found.decode()
        raise NotFound(f"no function {function}")


def main() -> None:
    """Serve until SIGTERM; told by environment what."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # before any thread begins; it is waited for below
    files = ("CHAINCODE_TLS_CERT", "CHAINCODE_TLS_KEY", "CHAINCODE_CLIENT_CA_CERT")
    tls = Tls(*(Path(os.environ[name]).read_bytes() for name in files))
    where = os.environ["CHAINCODE_ID"], os.environ["CHAINCODE_SERVER_ADDRESS"]
    # The server asks for nothing of the contracts but ``invoke``.
    with ChaincodeServer(cast("Chaincode", Small()), *where, tls=tls):
        signal.sigwait([signal.SIGTERM])


if __name__ == "__main__":
    main()
