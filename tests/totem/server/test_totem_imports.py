"""What commands import: nothing that they don't use."""

import subprocess
import sys

import pytest

JOB = """from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield 0, row.kwh

    def reducer(self, key, values):
        yield key, sum(values)
"""
LOADED = """import sys
from totem.cli.entry import main
status = main()
print("pandas" in sys.modules, file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.slow
def test_a_run_on_numbers_does_not_import_pandas(tmp_path):
    pytest.importorskip("pandas")
    job, data = tmp_path / "job.py", tmp_path / "data.csv"
    job.write_text(JOB, encoding="utf-8")
    data.write_text("kwh\n1.5\n2.5\n", encoding="utf-8")
    command = [sys.executable, "-c", LOADED, "run", str(job), str(data), "--totem", "1000000", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert '"completed"' in done.stdout
    assert done.stderr == "False\n"
