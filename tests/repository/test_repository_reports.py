"""The closing table of `make test` counts what pytest's report says."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "run_tests.py"

REPORT = """<testsuites><testsuite>
<testcase file="tests/sdk/test_sdk_a.py" name="one" time="1.5"/>
<testcase file="tests/sdk/test_sdk_a.py" name="two" time="0.5"><failure message="no"/></testcase>
<testcase file="tests/e2e/test_e2e_b.py" name="three" time="0"><skipped message="needs FABRIC_BIN"/></testcase>
<testcase file="tests/e2e/test_e2e_b.py" name="four" time="0"><error message="fixture"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def run_tests():
    spec = importlib.util.spec_from_file_location("run_tests", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_failures_errors_and_tests_not_run_are_counted_by_folder(run_tests, tmp_path, capsys):
    report = tmp_path / "tests.xml"
    report.write_text(REPORT)
    e2e, sdk = run_tests.read_report(report)
    assert (e2e.name, e2e.counts) == ("tests/e2e", {"not run": 1, "failed": 1})
    assert (sdk.name, sdk.counts, sdk.seconds) == ("tests/sdk", {"passed": 1, "failed": 1}, 2.0)
    run_tests.show([e2e, sdk])
    assert "NOT RUN: tests/e2e: 1 × needs FABRIC_BIN" in capsys.readouterr().out


def test_a_run_that_collects_nothing_is_a_failure(run_tests, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run_tests, "STATIC", ())
    monkeypatch.setattr(run_tests, "REPORT", tmp_path / "tests.xml")
    monkeypatch.setattr(run_tests, "run_pytest", lambda fast: 5)
    monkeypatch.setattr("sys.argv", ["run_tests.py"])
    assert run_tests.main() == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 1 failed"
