"""Where Fabric's JavaScript packages come from, and what is said where they can't be had."""

import json

import pytest

from tests.interop import npm


def test_the_lock_pins_every_package_and_names_no_registry():
    text = (npm.HERE / "package-lock.json").read_text()
    assert "://registry" not in text
    assert '"resolved"' not in text
    wanted = json.loads((npm.HERE / "package.json").read_text())["dependencies"]
    packages = json.loads(text)["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all("integrity" in package for path, package in packages.items() if path)


def test_a_machine_without_node_is_told_apart_from_one_with_an_old_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(npm.NpmMissing, match="node is not on this machine"):
        npm.node_folder()
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho v18.2.0\n")
        program.chmod(0o755)
    with pytest.raises(npm.NpmMissing, match=r"node is v18\.2\.0: 20\.9 or later is needed"):
        npm.node_folder()


def test_packages_that_cant_be_installed_are_not_taken_for_installed(tmp_path, monkeypatch):
    monkeypatch.setattr(npm, "BUILD", tmp_path / "build")
    for name, text in (("node", "echo v20.9.0"), ("npm", "echo npm error network unreachable >&2; exit 1")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    for _ in range(2):
        with pytest.raises(npm.NpmMissing, match="can't install the packages: npm error network unreachable"):
            npm.node_folder()
