"""What a ledger's file holds: Fabric keeps its state in LevelDB, and packages of chaincode in compressed archives.

A search of the files as they lie would find nothing in what is compressed, whatever is in it.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from demo.leveldb import log_contents, table_contents

__all__ = ["stored"]

_GZIP = b"\x1f\x8b\x08"


def stored(file: Path) -> bytes:
    """Return what a file holds: of a LevelDB table or log the contents, unpacked where it is packed, else its bytes.

    Nodes that run move what they hold from file to file: who searches for what is not there ends them first.

    Raises:
        ValueError: it is called a table (``.ldb``) and is none, or a damaged one.
    """
    if file.suffix == ".ldb":
        return table_contents(file)
    data = file.read_bytes()
    if (file.suffix == ".log" or file.name.startswith("MANIFEST-")) and (file.parent / "CURRENT").exists():
        return log_contents(data)
    if data.startswith(_GZIP):
        return gzip.decompress(data)
    return data
