"""An organisation's chaincode server with the toy evaluator, for stories on a real network; told by environment.

Its argument names what makes its contracts, as ``module:function``; without one they are those of today.
"""

import os
import signal
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))  # tests' own modules

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.shim import ChaincodeServer, Tls
from totem_chaincode.testing import ToyEvaluator

if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # before any thread begins; it is waited for below
    files = ("CHAINCODE_TLS_CERT", "CHAINCODE_TLS_KEY", "CHAINCODE_CLIENT_CA_CERT")
    tls = Tls(*(Path(os.environ[name]).read_bytes() for name in files))
    where = os.environ["CHAINCODE_ID"], os.environ["CHAINCODE_SERVER_ADDRESS"]
    chaincode = Chaincode(ToyEvaluator())
    for named in sys.argv[1:]:
        module, _, function = named.partition(":")
        chaincode = getattr(import_module(module), function)()
    with ChaincodeServer(chaincode, *where, tls=tls) as server:
        signal.sigwait([signal.SIGTERM])
        server.stop(grace=5.0)
