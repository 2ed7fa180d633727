"""The commands of network/network and their arguments."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path

from totem.ledger.errors import LedgerError
from totem_network import (
    backups,
    binaries,
    control,
    crypto,
    lifecycle,
    locking,
    members,
    processes,
    revoking,
    server,
    status,
)
from totem_network.errors import NetworkError
from totem_network.layout import Network

__all__ = ["main"]

DEFAULT_STATE = Path(__file__).resolve().parents[2] / "build" / "network"

_PATIENCE = 10.0
"""Seconds for which `down` waits for a command that is changing the network; then it says which one it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors are one line on standard error."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (NetworkError, LedgerError) as error:
        print(f"network: {error}", file=sys.stderr)
        return 1


def up(options: argparse.Namespace) -> int:
    """Make a network and start it, or start what does not run of the one that is there."""
    if options.names and options.orgs not in {None, len(options.names)}:
        raise NetworkError(f"--orgs {options.orgs}: --names has {len(options.names)}; give one of both")
    found = binaries.find(options.version)
    if (options.state / "network.json").exists():
        with _locked(options) as network:
            _check_same(network, options)
            bring = control.resume if network.is_made else control.create_anew
            bring(network, control.programs(network), _say)
    else:
        network = Network.plan(
            options.state,
            version=found.version,
            organisations=(2 if options.orgs is None else options.orgs) if options.names is None else options.names,
            orderers=3 if options.orderers is None else options.orderers,
            batch_timeout=options.batch_timeout or "100ms",
            explicit_policy=options.explicit_policy,
        )
        with locking.changing(network.folder, "up"):
            if (network.folder / "network.json").exists():
                raise NetworkError(f"another `up` has made a network in {network.folder} meanwhile")
            control.create(network, found, _say)
    of = _count(network.organisations, "organisation"), _count(network.orderers, "orderer")
    _say(f"Fabric {network.version}: {', '.join(of)}")
    _say(f"profiles in {network.folder / 'profiles'}, identities in {network.folder / 'wallets'}")
    return 0


def down(options: argparse.Namespace) -> int:
    """End all nodes, and delete the network unless it is kept."""
    with _locked(options, patience=_PATIENCE):
        ended = control.down(options.state, keep=options.keep)
    _say(f"ended {len(ended)} nodes; {'kept' if options.keep else 'deleted'} {options.state}")
    return 0


def show_status(options: argparse.Namespace) -> int:
    """Print what runs; exit status 1 where something does not."""
    document = status.status(Network.load(options.state))
    _say(json.dumps(document, indent=2) if options.json else status.as_table(document))
    return 0 if all(row["process"] for row in document["nodes"]) else 1


def programs(options: argparse.Namespace) -> int:
    """Print which of Fabric's programs run the network, or would run a new one."""
    is_made = (options.state / "network.json").exists()
    found = control.programs(Network.load(options.state)) if is_made else binaries.find()
    _say(f"Fabric {found.version} in {found.folder}")
    return 0


def organisations(options: argparse.Namespace) -> int:
    """Print the organisations with their files, for programs."""
    network = Network.load(options.state)
    _say(json.dumps([crypto.describe(network, organisation) for organisation in network.organisations], indent=2))
    return 0


def logs(options: argparse.Namespace) -> int:
    """Print the last lines of a node's log."""
    network = Network.load(options.state)
    network.port(options.node)
    _say(processes.last_lines(network.node_folder(options.node), options.lines))
    return 0


def kill(options: argparse.Namespace) -> int:
    """Kill a node."""
    with _locked(options) as network:
        control.kill(network, options.node)
    return 0


def restart(options: argparse.Namespace) -> int:
    """Restart a node."""
    with _locked(options) as network:
        control.restart(network, control.programs(network), options.node)
    return 0


def enrol(options: argparse.Namespace) -> int:
    """Certify a client."""
    network = Network.load(options.state)
    path = crypto.issue(
        network, network.organisation(options.organisation), options.name, options.role, dict(options.attribute)
    )
    _say(str(path))
    return 0


def revoke(options: argparse.Namespace) -> int:
    """Revoke a client's certificates, or put a revocation list in force that another CA has made."""
    network = Network.load(options.state)
    organisation = network.organisation(options.organisation)
    if (options.name is None) == (options.crl is None):
        raise NetworkError("give either the client's name or --crl FILE")
    if options.crl is not None:
        pushed = revoking.push(network, organisation, _text(options.crl))
    else:
        pushed = revoking.revoke(network, organisation, options.name)
    _say(f"block {pushed.block}: {organisation.name} has {_count(pushed.serials, 'revoked certificate')}")
    if pushed.behind:
        _say(f"not yet at {', '.join(pushed.behind)}: these peers get it when they are back")
    return 0


def deploy(options: argparse.Namespace) -> int:
    """Deploy the contracts, or another chaincode."""
    command = options.server or server.OWN
    with _whole(options) as network:
        lifecycle.deploy(network, control.programs(network), options.name, options.version, command, say=_say)
    _say(f"{options.name} {options.version} answers through all {len(network.organisations)} organisations' peers")
    return 0


def upgrade(options: argparse.Namespace) -> int:
    """Bring the next version of the chaincode."""
    with _whole(options) as network:
        lifecycle.upgrade(network, control.programs(network), options.version, options.server, say=_say)
    _say(f"version {options.version} answers through all {len(network.organisations)} organisations' peers")
    return 0


def add_org(options: argparse.Namespace) -> int:
    """Add the next organisation."""
    with _made(options) as network:
        newcomer = members.add_organisation(network, control.programs(network), say=_say)
    _say(f"{newcomer.name} ({newcomer.msp_id}) is one of {len(network.organisations)} organisations that endorse")
    return 0


def backup(options: argparse.Namespace) -> int:
    """Back the network up."""
    with _whole(options) as network:
        backups.backup(network, control.programs(network), options.file, say=_say)
    _say(f"{options.file} has the network with all its private keys")
    return 0


def restore(options: argparse.Namespace) -> int:
    """Restore a network."""
    network = backups.restore(options.state, binaries.find(), options.file, say=_say)
    _say(f"restored {_count(network.organisations, 'organisation')} into {network.folder}")
    return 0


@contextmanager
def _locked(options: argparse.Namespace, *, patience: float = 0.0) -> Iterator[Network]:
    """Give the network as it is once no other command is changing it, and keep others from that meanwhile."""
    folder = Network.load(options.state).folder  # a folder of something else gets no lock
    with locking.changing(folder, options.command, patience=patience):
        yield Network.load(folder)


@contextmanager
def _made(options: argparse.Namespace) -> Iterator[Network]:
    """As ``_locked``, where the network was made to its end."""
    with _locked(options) as network:
        if not network.is_made:
            raise NetworkError(f"the network in {network.folder} was not made to its end: `network/network up` does it")
        yield network


@contextmanager
def _whole(options: argparse.Namespace) -> Iterator[Network]:
    """As ``_made``, where all its organisations have joined."""
    with _made(options) as network:
        if (newcomer := network.unfinished()) is not None:
            raise NetworkError(f"{newcomer.name}'s joining was interrupted: `network/network add-org` finishes it")
        yield network


def _say(line: str) -> None:
    try:
        print(line, flush=True)  # at once: who reads it from a pipe waits for it too
    except BrokenPipeError:
        # Nobody reads any more. What has been begun goes on: a half-changed network is worse than an unread line.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _check_same(network: Network, options: argparse.Namespace) -> None:
    named = len(options.names) if options.names else options.orgs
    asked = (named, options.orderers, options.batch_timeout)
    there = (len(network.organisations), len(network.orderers), network.batch_timeout)
    names = [organisation.name for organisation in network.organisations]
    is_other = any(wanted not in {None, has} for wanted, has in zip(asked, there, strict=True))
    if is_other or (options.names and options.names != names[: len(options.names)]):
        raise NetworkError(
            f"{options.state} has a network of {there[0]} organisations ({', '.join(names)}), {there[1]} orderers,"
            f" batch timeout {there[2]}: `network/network down` first, or give another --state"
        )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NetworkError(f"{path} can't be read: {error}") from None


def _attribute(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r}: give an attribute as NAME=VALUE")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="network/network", description="A Fabric test network on this machine.")
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE, help="the network's folder (build/network)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    def add(name: str, run: Callable[[argparse.Namespace], int], help_: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_, description=help_)
        command.set_defaults(run=run)
        return command

    command = add("up", up, "make and start a network, or start what is stopped of it")
    command.add_argument("--orgs", type=int, help="organisations, one peer each (2)")
    command.add_argument("--names", type=_names, metavar="NAME,NAME", help="what they are called (org1, org2, …)")
    command.add_argument("--orderers", type=int, help="Raft orderers (3)")
    command.add_argument("--version", help="Fabric 2.5 or 3.1 (default: what FABRIC_BIN or PATH has)")
    command.add_argument("--batch-timeout", help="longest wait for a block to fill (100ms)")
    command.add_argument(
        "--explicit-policy",
        action=argparse.BooleanOptionalAction,
        help="spell the policies of endorsement, readers and writers out (from 10 organisations on)",
    )
    command = add("down", down, "end all nodes and delete the network")
    command.add_argument("--keep", action="store_true", help="delete nothing: `up` starts it again")
    command = add("status", show_status, "show what runs")
    command.add_argument("--json", action="store_true", help="for programs")
    add("programs", programs, "say which of Fabric's programs are used; status 1 where they are missing")
    add("organisations", organisations, "list the organisations with their profiles, wallets and CAs, as JSON")
    command = add("logs", logs, "show the end of a node's log")
    command.add_argument("node")
    command.add_argument("--lines", type=int, default=50)
    add("kill", kill, "kill a node, as a crash would").add_argument("node")
    add("restart", restart, "end a node where it runs, and start it").add_argument("node")
    command = add("deploy", deploy, "install, approve, serve and commit the contracts at every organisation")
    command.add_argument("--name", default="totem", help="the chaincode's name (totem)")
    command.add_argument("--version", default="1", help="its version (1)")
    command.add_argument("--server", nargs=argparse.REMAINDER, help="another server's command; must come last")
    command = add("upgrade", upgrade, "bring the next version of the chaincode")
    command.add_argument("version", help="its version")
    command.add_argument("--server", nargs=argparse.REMAINDER, help="another server's command; must come last")
    add("add-org", add_org, "add an organisation to the running network")
    command = add("backup", backup, "write the network's state into one archive")
    command.add_argument("file", type=Path)
    command = add("restore", restore, "bring a network back from an archive, and start it")
    command.add_argument("file", type=Path)
    command = add("enrol", enrol, "certify a client of an organisation and put it into its wallet")
    command.add_argument("organisation")
    command.add_argument("name")
    command.add_argument("role")
    command.add_argument("--attribute", type=_attribute, action="append", default=[], metavar="NAME=VALUE")
    command = add("revoke", revoke, "revoke all certificates of an organisation's client")
    command.add_argument("organisation")
    command.add_argument("name", nargs="?")
    command.add_argument("--crl", type=Path, help="put this revocation list (PEM) in force instead")
    return parser
