"""Finding Fabric's programs: one sentence that says what to do where they are not."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from totem_network import binaries
from totem_network.errors import NetworkError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def fake(tmp_path):
    """Make a folder with programs that only tell a version."""

    def make(version="v2.5.16", programs=binaries.PROGRAMS):
        for program in programs:
            path = tmp_path / "bin" / program
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"#!/bin/sh\necho 'peer:'\necho ' Version: {version}'\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return tmp_path / "bin"

    return make


def test_fabric_bin_comes_before_path(fake, monkeypatch, tmp_path):
    folder = fake()
    monkeypatch.setenv("FABRIC_BIN", str(folder))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"), prepend=None)
    found = binaries.find()
    assert (found.folder, found.version, found.minor) == (folder, "2.5.16", "2.5")


def test_path_is_looked_at_without_fabric_bin(fake, monkeypatch):
    folder = fake("v3.1.5")
    monkeypatch.delenv("FABRIC_BIN", raising=False)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    assert binaries.find("3.1").version == "3.1.5"


@pytest.mark.parametrize(
    ("version", "asked", "said"),
    [
        ("v2.5.16", "3.1", "has Fabric 2.5.16, not 3.1"),
        ("v2.2.0", None, "has Fabric 2.2.0; needed is one of 2.5, 3.1"),
        ("latest", None, "no version of Fabric"),
    ],
)
def test_another_version_is_refused(fake, monkeypatch, version, asked, said):
    monkeypatch.setenv("FABRIC_BIN", str(fake(version)))
    with pytest.raises(NetworkError, match=said) as refused:
        binaries.find(asked)
    assert "network/install-fabric" in str(refused.value)


def test_missing_programs_are_named(fake, monkeypatch):
    monkeypatch.setenv("FABRIC_BIN", str(fake(programs=("peer", "orderer", "cryptogen", "configtxgen"))))
    with pytest.raises(NetworkError, match=r"\(osnadmin, configtxlator missing\)"):
        binaries.find()


@pytest.mark.slow
def test_without_binaries_the_command_says_what_to_do_in_one_line(tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        [ROOT / "network" / "network", "--state", tmp_path / "n", "up"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "Set FABRIC_BIN to the folder that has them, or, on a machine with internet, run" in done.stderr
    assert not (tmp_path / "n").exists()


def test_a_program_that_fails_is_reported_with_what_it_said(tmp_path):
    program = tmp_path / "peer"
    program.write_text("#!/bin/sh\necho something is wrong >&2\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(NetworkError, match="peer channel join: status 3: something is wrong"):
        binaries.Binaries(tmp_path, "2.5.16").run("peer", "channel", "join")


def test_fabrics_programs_see_none_of_the_callers_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("CORE_PEER_ADDRESS", "elsewhere:7051")
    monkeypatch.setenv("ORDERER_GENERAL_LISTENPORT", "1")
    seen = binaries.environment(tmp_path)
    assert seen["FABRIC_CFG_PATH"] == str(tmp_path)
    assert not [name for name in seen if name.startswith(("CORE_", "ORDERER_"))]
