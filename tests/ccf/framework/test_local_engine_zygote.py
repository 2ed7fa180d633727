"""What the zygote has done, its processes need not do: they import nothing more, above all not pandas."""

import subprocess
import sys

import pytest

WORK = """
import sys
from totem_ccf.engines.local.zygote import prepare
prepare()
before = set(sys.modules)

import tempfile
from pathlib import Path
import grpc, numpy as np, pyarrow as pa, pyarrow.compute as pc
from totem_ccf.kernel.compiled import compile_kernel, runtime_code
from totem_ccf.mapreduce.pairs import PairLayout
from totem_ccf.mapreduce.results import write_result
from totem_ccf.mapreduce.runs import PieceWriter
from totem_sdk.types import FLOAT, INT

layout = PairLayout(INT, FLOAT)
batch = layout.from_python([(1, 2.5), (2, 0.5)])
with tempfile.TemporaryDirectory() as folder:
    with PieceWriter(Path(folder) / "pairs", layout.schema) as writer:
        piece = writer.write([batch])
    assert write_result(Path(folder) / "result", layout, [{"pieces": [piece.to_json()]}]).rows == 2
pa.array(np.arange(3.0)), pa.array([1, None]), pc.sum(batch.column(1)).as_py()
grpc.insecure_channel("unix:/nowhere").close()
compiled = runtime_code()
assert compiled is runtime_code()
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.slow
def test_processes_import_nothing_that_the_zygote_has_not():
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in done.stdout.split()} <= {"encodings"}
