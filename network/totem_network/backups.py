"""Backing up and restoring a network: keys, ledgers, orderers' logs, everything that is in its folder."""

from __future__ import annotations

import os
import tarfile
import tempfile
from pathlib import Path

from totem_network import control, locking, nodes, ports
from totem_network.binaries import Binaries
from totem_network.errors import NetworkError
from totem_network.layout import Network, check_free
from totem_network.progress import Say, Steps

__all__ = ["backup", "restore"]


def backup(network: Network, binaries: Binaries, file: Path, *, say: Say = print) -> None:
    """Write everything into one archive (.tar.gz, readable by its owner only: it has all private keys).

    Nodes that run are stopped for it, so that all ledgers are of one moment, and started again.

    Raises:
        NetworkError: the file is there already, can't be written or would be in the network's own folder, or a node
            does not stop or come back.
    """
    if file.exists():
        raise NetworkError(f"{file} is there already: give another name, or take it away")
    if not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        raise NetworkError(f"{file} can't be written: {file.parent} is no folder, or not yours")
    if file.resolve().is_relative_to(network.folder):
        raise NetworkError(f"{file} would be a part of what is backed up, and gone with it: give another folder")
    steps = Steps(say)
    running = nodes.running(network)
    try:
        nodes.stop_all(network)
        steps.done(f"{len(running)} nodes stopped")
        try:
            _write(network, file)
        except OSError as error:
            raise NetworkError(f"{file} can't be written: {error.strerror or error}; nothing of it is left") from None
        steps.done("archive written")
    finally:
        if running:
            control.start(network, binaries, steps)


def _write(network: Network, file: Path) -> None:
    """Write the archive: all of it, or nothing under its name.

    Raises:
        OSError: it can't be written, or something of the network can't be read.
    """
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # its owner's only
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as target, tarfile.open(fileobj=target, mode="w:gz", compresslevel=1) as tar:
            tar.add(network.folder, arcname="network", filter=_kept)
        partial.rename(file)
    except BaseException:  # Ctrl-C too: half an archive of private keys is left to nobody
        partial.unlink()
        raise


def _kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if member.name == f"network/{locking.LOCK}" else member


def restore(folder: Path, binaries: Binaries, file: Path, *, say: Say = print) -> Network:
    """Bring a network back from an archive into a folder that has none, start it, and wait until it endorses.

    Raises:
        NetworkError: there is a network, the archive is none of ours, or somebody else has the network's ports.
    """
    folder = folder.resolve()
    if (folder / "network.json").exists():
        raise NetworkError(f"{folder} has a network: `network/network down` first, or give another --state")
    check_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    steps = Steps(say)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".restore-") as place:
        try:
            with tarfile.open(file) as tar:
                tar.extractall(place, filter="data")
        except (OSError, tarfile.TarError) as error:
            reason = str(error).splitlines()[0]
            raise NetworkError(f"{file} can't be read as a backup: {reason}") from None
        network = Network.load(Path(place) / "network")
        # Ports are in the channel's configuration: the network must have the ones that it had.
        ports.reserve_these(folder, network.all_ports())
        (folder / locking.LOCK).unlink(missing_ok=True)
        network.folder.rename(folder)  # it replaces an empty one, and nothing else
    with locking.changing(folder, "restore"):
        network = Network.load(folder)
        steps.done("archive unpacked")
        control.start(network, binaries, steps)
    return network
