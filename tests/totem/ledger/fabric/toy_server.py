"""An organisation's chaincode server with the toy evaluator, for stories on a real network; told by environment."""

import os
import signal
import threading
from pathlib import Path

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.shim import ChaincodeServer, Tls
from totem_chaincode.testing import ToyEvaluator

if __name__ == "__main__":
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    files = ("CHAINCODE_TLS_CERT", "CHAINCODE_TLS_KEY", "CHAINCODE_CLIENT_CA_CERT")
    tls = Tls(*(Path(os.environ[name]).read_bytes() for name in files))
    where = os.environ["CHAINCODE_ID"], os.environ["CHAINCODE_SERVER_ADDRESS"]
    with ChaincodeServer(Chaincode(ToyEvaluator()), *where, tls=tls) as server:
        ended.wait()
        server.stop(grace=5.0)
