"""Layout and ports: names, free ports that stay a network's own, and network.json."""

import socket

import pytest

from totem_network import ports
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


def test_a_network_is_remembered(tmp_path):
    network = plan(tmp_path / "a")
    network.chaincode = Chaincode("totem", "1", 2, ["serve", "it"], {"org1": "totem:00", "org2": "totem:01"})
    network.save()
    assert Network.load(tmp_path / "a") == network
    assert network.nodes() == [
        *("orderer1", "orderer2", "orderer3", "peer.org1", "peer.org2", "totem.org1", "totem.org2")
    ]
    assert {network.port(node) for node in network.nodes()} < set(network.all_ports())


def test_no_network_and_a_damaged_one_say_what_to_do(tmp_path):
    with pytest.raises(NetworkError, match="make one with `network/network up`"):
        Network.load(tmp_path)
    (tmp_path / "network.json").write_text("{")
    with pytest.raises(NetworkError, match="can't be read"):
        Network.load(tmp_path)


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
