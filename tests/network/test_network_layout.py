"""Layout and ports: names, free ports that stay a network's own, and network.json."""

import json
import os
import resource
import socket
import tarfile

import pytest

from totem_network import backups, configuration, control, lifecycle, ports
from totem_network.binaries import Binaries
from totem_network.commands import main
from totem_network.errors import NetworkError
from totem_network.layout import Chaincode, Network


@pytest.fixture(autouse=True)
def _own_reservations(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def plan(folder, **options):
    return Network.plan(folder, **{"version": "2.5.16", "organisations": 2, "orderers": 3, **options})


def test_two_networks_never_share_a_port(tmp_path):
    networks = [plan(tmp_path / f"n{number}", organisations=30) for number in range(8)]
    taken = [port for network in networks for port in network.all_ports()]
    assert len(taken) == len(set(taken)) == 8 * (3 * 3 + 30 * 4)


def test_a_port_that_somebody_listens_on_is_not_free():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        assert not ports.is_free(busy.getsockname()[1])


def test_ports_return_when_a_network_is_gone_or_gives_them_back(tmp_path):
    network = plan(tmp_path / "a")
    with pytest.raises(NetworkError, match=r"port \d+ belongs to the network in"):
        ports.reserve_these(tmp_path / "b", network.all_ports())
    ports.release(network.folder)
    ports.reserve_these(tmp_path / "b", network.all_ports())  # b has no folder: the next one may have them
    ports.reserve_these(tmp_path / "c", network.all_ports())


def test_a_restored_network_is_refused_ports_that_are_in_use(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        with pytest.raises(NetworkError, match="in use: stop what listens there"):
            ports.reserve_these(tmp_path, [busy.getsockname()[1]])


def test_a_network_keeps_the_ports_on_which_it_listens_also_when_the_book_of_ports_is_lost(tmp_path):
    network = plan(tmp_path / "a")
    (book,) = tmp_path.glob("totem-network-*/ports.json")
    with socket.socket() as node:
        node.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        node.bind(("127.0.0.1", network.organisations[0].port))
        node.listen()
        book.unlink()
        lifecycle._save(network)
    assert json.loads(book.read_text()) == {str(network.folder): network.all_ports()}
    other = plan(tmp_path / "b")
    ports.keep_only(network.folder, [*network.all_ports(), other.all_ports()[0]])
    assert json.loads(book.read_text())[str(network.folder)] == network.all_ports()


def test_the_book_of_ports_has_a_networks_again_once_it_comes_up(tmp_path, monkeypatch):
    network = plan(tmp_path / "a")
    (book,) = tmp_path.glob("totem-network-*/ports.json")
    book.unlink()
    for module, name in ((configuration, "write_admin"), (control, "start")):
        monkeypatch.setattr(module, name, lambda *_: None)
    control.resume(network, Binaries(tmp_path, "2.5.16"), lambda _: None)
    assert json.loads(book.read_text()) == {str(network.folder): network.all_ports()}


def test_a_network_is_remembered(tmp_path):
    network = plan(tmp_path / "a")
    network.chaincode = Chaincode("totem", "1", 2, ["serve", "it"], {"org1": "totem:00", "org2": "totem:01"})
    network.save()
    assert Network.load(tmp_path / "a") == network
    assert network.nodes() == [
        *("orderer1", "orderer2", "orderer3", "peer.org1", "peer.org2", "totem.org1", "totem.org2")
    ]
    assert {network.port(node) for node in network.nodes()} < set(network.all_ports())


def test_servers_of_an_upgrade_run_beside_those_that_they_replace(tmp_path):
    network = plan(tmp_path / "a")
    network.chaincode = Chaincode("totem", "1", 1, ["serve", "it"], {"org1": "totem:00", "org2": "totem:01"})
    own = dict(zip(("org1", "org2"), ports.reserve(network.folder, 2), strict=True))
    network.coming = Chaincode("totem", "2", 2, ["serve", "it"], {"org1": "totem:02", "org2": "totem:03"}, own)
    network.save()
    assert Network.load(tmp_path / "a") == network
    servers = ["totem.org1", "totem.org2", "totem.org1.2", "totem.org2.2"]
    assert network.nodes()[-4:] == servers
    assert len({network.port(node) for node in servers} & set(network.all_ports())) == 4
    folders = [network.node_folder(node) for node in servers]
    assert len(set(folders)) == 4
    network.chaincode, network.coming = network.coming, None
    assert [network.node_folder(node) for node in servers[:2]] == folders[2:]
    assert [network.port(node) for node in servers[:2]] == list(own.values())


def test_no_network_and_a_damaged_one_say_what_to_do(tmp_path):
    with pytest.raises(NetworkError, match="make one with `network/network up`"):
        Network.load(tmp_path)
    (tmp_path / "network.json").write_text("{")
    with pytest.raises(NetworkError, match="can't be read"):
        Network.load(tmp_path)


@pytest.mark.parametrize(
    "text", ["[]", "null", "{}", '{"chaincode": null, "orderers": [{}], "organisations": []}', "1"]
)
def test_a_file_of_something_else_is_no_network(tmp_path, capsys, text):
    (tmp_path / "network.json").write_text(text)
    for command in ("status", "down", "up"):
        assert main(["--state", str(tmp_path), command]) == 1
    assert "delete the folder, or bring it back from a backup" in capsys.readouterr().err
    assert (tmp_path / "network.json").read_text() == text


def test_no_network_is_made_where_down_would_delete_something_else(tmp_path, capsys):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "thesis.tex").write_text("precious")
    with pytest.raises(NetworkError, match="has something else in it, which `down` would delete"):
        plan(tmp_path / "a")
    with pytest.raises(NetworkError, match="has something else in it"):
        plan(tmp_path / "a" / "thesis.tex")
    backup = tmp_path / "backup.tgz"
    made = plan(tmp_path / "network")
    made.save()
    with tarfile.open(backup, "w:gz") as tar:
        tar.add(made.folder, arcname="network")
    programs = Binaries(tmp_path, "2.5.16")
    with pytest.raises(NetworkError, match="has something else in it"):
        backups.restore(tmp_path / "a", programs, backup)
    assert (tmp_path / "a" / "thesis.tex").read_text() == "precious"


def test_a_backup_is_written_where_it_survives(tmp_path):
    network = plan(tmp_path / "a")
    network.save()
    programs = Binaries(tmp_path, "2.5.16")
    for file, said in (
        (network.folder / "b.tgz", "a part of what is backed up"),
        (tmp_path / "x" / "b.tgz", "no folder"),
    ):
        with pytest.raises(NetworkError, match=said):
            backups.backup(network, programs, file)
        assert not file.exists()


def test_a_backup_that_can_t_be_written_leaves_nothing_and_the_next_one_has_its_name(tmp_path):
    network = plan(tmp_path / "a")
    network.save()
    (network.folder / "block").write_bytes(os.urandom(1 << 18))
    programs, file = Binaries(tmp_path, "2.5.16"), tmp_path / "backups" / "b.tgz"
    file.parent.mkdir()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))
    try:
        with pytest.raises(NetworkError, match=r"b\.tgz can't be written: File too large"):
            backups.backup(network, programs, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(file.parent.iterdir()) == []
    backups.backup(network, programs, file)
    assert list(file.parent.iterdir()) == [file]
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as tar:
        assert {"network/network.json", "network/block"} <= set(tar.getnames())


def test_numbers_that_were_given_are_not_replaced_by_others(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("totem_network.binaries.find", lambda version=None: Binaries(tmp_path, "2.5.16"))
    state = str(tmp_path / "a")
    for given, said in (
        (["--orgs", "0"], "--orgs 0: give 1 to 60"),
        (["--orderers", "0"], "--orderers 0: give 1 to 9"),
        (["--names", ","], "--orgs 0: give 1 to 60"),
        (["--orgs", "3", "--names", "north,south"], "--orgs 3: --names has 2"),
    ):
        assert main(["--state", state, "up", *given]) == 1
        assert said in capsys.readouterr().err
    plan(tmp_path / "a").save()
    assert main(["--state", state, "up", "--names", "north,south"]) == 1
    assert "has a network of 2 organisations (org1, org2)" in capsys.readouterr().err


def test_names_that_are_not_there_are_answered_with_those_that_are(tmp_path):
    network = plan(tmp_path / "a")
    with pytest.raises(NetworkError, match=r"no node 'peer9'; there are orderer1, .* peer\.org2"):
        network.port("peer9")
    with pytest.raises(NetworkError, match="no organisation 'org9'; there are org1, org2"):
        network.organisation("org9")
    assert network.organisation("Org2MSP").peer == "peer.org2"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"organisations": 0}, "--orgs 0: give 1 to 60"),
        ({"orderers": 10}, "--orderers 10: give 1 to 9"),
        ({"channel": "Totem"}, "--channel 'Totem'"),
        ({"batch_timeout": "0ms"}, "--batch-timeout '0ms'"),
    ],
)
def test_what_fabric_would_not_take_is_refused_before_anything_is_made(tmp_path, options, said):
    with pytest.raises(NetworkError, match=said):
        plan(tmp_path / "a", **options)
    assert not (tmp_path / "a").exists()


def test_organisations_are_called_what_they_are(tmp_path):
    network = plan(tmp_path / "a", organisations=["utility", "smart-city"])
    assert [(each.name, each.msp_id) for each in network.organisations] == [
        ("utility", "UtilityMSP"),
        ("smart-city", "SmartCityMSP"),
    ]
    assert network.organisation("SmartCityMSP").domain == "smart-city.totem.test"
    assert network.further_organisation().name == "org3"


@pytest.mark.parametrize("names", [["Utility"], ["a b"], ["-a"], ["a-b", "a-b"], ["../x"], ["a" * 41], []])
def test_names_that_organisations_cannot_have_are_refused(tmp_path, names):
    with pytest.raises(NetworkError):
        plan(tmp_path / "a", organisations=names)
