"""The benchmark of the ledger on Fabric: it says what it needs, and both small contracts do the same."""

import sys

import pytest

from benchmarks.fabric import run
from benchmarks.fabric.figures import latencies, rate
from benchmarks.fabric.sites import site
from tests.interop.npm import NpmMissing, node_folder


def test_without_fabrics_binaries_it_says_so_and_is_no_failure(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("FABRIC_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["run"])
    assert run.main() == 0
    assert "is not measured: Fabric's programs" in capsys.readouterr().out


def test_latencies_and_rates_count_every_run():
    seen = []
    assert len(latencies(lambda: seen.append(1), 3)) == len(seen) == 3
    assert rate(lambda: seen.append(1), 20, in_flight=2) > 0
    assert len(seen) == 3 + 2 + 20
    with pytest.raises(ZeroDivisionError):
        rate(lambda: 1 // 0, 3, in_flight=1)


@pytest.mark.fabric
@pytest.mark.slow
@pytest.mark.parametrize("shim", ["totem", "npm"])
def test_the_small_contract_does_the_same_on_both_shims(shim):
    command = run.OURS
    if shim == "npm":
        try:
            command = ["node", str(node_folder() / "chaincode.js")]
        except NpmMissing as error:
            pytest.skip(f"needs Fabric's JavaScript packages: {error}")
    with site(command, name=shim, orderers=1) as at:
        assert at.get("key") is None
        assert at.put("key") == "key"
        assert at.get("key") == "x" * 100
        assert at.up_seconds > 0 < at.deploy_seconds


@pytest.mark.slow
def test_a_network_that_does_not_come_up_is_told_with_its_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("FABRIC_BIN", str(tmp_path / "none"))
    assert "network up: network: FABRIC_BIN is" in run.many_organisations(2)["problem"]
