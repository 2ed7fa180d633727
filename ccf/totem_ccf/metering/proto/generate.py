"""Write ``ccf_pb2.py``, ``ccf_pb2.pyi`` and ``ccf_pb2_grpc.py`` from ``ccf.proto`` (needs grpcio-tools)."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def main(out: Path = ROOT) -> int:
    """Generate below ``out`` (the folder that holds ``totem_ccf``); return protoc's exit status."""
    from grpc_tools import protoc  # noqa: PLC0415 only developers have it

    source = (HERE / "ccf.proto").relative_to(ROOT)
    arguments = [f"--proto_path={ROOT}", f"--python_out={out}", f"--pyi_out={out}", f"--grpc_python_out={out}"]
    return int(protoc.main(["protoc", *arguments, str(source)]))


if __name__ == "__main__":
    sys.exit(main())
