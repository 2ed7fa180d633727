"""What nodes and channel are configured with: the settings that somebody has paid an hour for."""

import json
import re
import stat

import pytest

from totem_network import channel, configuration
from totem_network.layout import Network


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def plan(organisations=2, version="2.5.16", **options):
        return Network.plan(tmp_path / "n", version=version, organisations=organisations, orderers=3, **options)

    return plan


def test_a_peer_needs_no_docker_and_has_our_builder(make):
    network = make()
    core = configuration.core(network, network.organisations[0])
    assert core["vm"] == {"endpoint": ""}
    (builder,) = core["chaincode"]["externalBuilders"]
    for script in ("detect", "build", "release"):
        assert (configuration.BUILDER / "bin" / script).stat().st_mode & stat.S_IXUSR
    assert builder["path"] == str(configuration.BUILDER)


def test_nodes_listen_on_loopback_only_and_each_on_ports_of_its_own(make):
    network = make()
    documents = [configuration.core(network, each) for each in network.organisations]
    documents += [configuration.orderer(network, each) for each in network.orderers]
    addresses = re.findall(r"[0-9.]{7,}:[0-9]+", json.dumps(documents))
    assert addresses
    assert all(address.startswith("127.0.0.1:") for address in addresses)
    for document in documents[:2]:
        peer, operations = document["peer"], document["operations"]["listenAddress"]
        assert len({peer["listenAddress"], peer["chaincodeListenAddress"], operations}) == 3
    assert all(document["General"]["ListenAddress"] == "127.0.0.1" for document in documents[2:])


def test_tls_is_everywhere_and_the_orderers_admin_port_asks_for_a_certificate(make):
    network = make()
    assert configuration.core(network, network.organisations[0])["peer"]["tls"]["enabled"] is True
    orderer = configuration.orderer(network, network.orderers[0])
    assert orderer["General"]["TLS"]["Enabled"] is True
    assert orderer["Admin"]["TLS"]["ClientAuthRequired"] is True


@pytest.mark.parametrize(("organisations", "reconnect", "expiration"), [(2, "1s", "5s"), (10, "2s", "30s")])
def test_gossip_is_fast_among_few_and_calm_among_many(make, organisations, reconnect, expiration):
    network = make(organisations)
    gossip = configuration.gossip(network, network.organisations[0])
    assert (gossip["reconnectInterval"], gossip["aliveExpirationTimeout"]) == (reconnect, expiration)


@pytest.mark.parametrize(("organisations", "needed"), [(1, 1), (2, 2), (3, 2), (10, 6), (30, 16)])
def test_the_endorsement_policy_is_a_majority(make, organisations, needed):
    network = make(organisations, explicit_policy=True)
    policies = channel.configtx(network)["Profiles"][channel.PROFILE]["Application"]["Policies"]
    rule = policies["Endorsement"]["Rule"]
    assert rule.startswith(f"OutOf({needed}, 'Org1MSP.peer'")
    assert rule.count(".peer") == organisations
    assert policies["LifecycleEndorsement"] == policies["Endorsement"]


@pytest.mark.parametrize("name", ["Readers", "Writers", "Endorsement", "LifecycleEndorsement"])
def test_policies_are_spelled_out_from_ten_organisations_on(make, name):
    def kind(organisations):
        document = channel.configtx(make(organisations))
        return document["Profiles"][channel.PROFILE]["Application"]["Policies"][name]["Type"]

    assert [kind(2), kind(9), kind(10)] == ["ImplicitMeta", "ImplicitMeta", "Signature"]


def test_who_may_read_and_write_is_the_same_when_it_is_spelled_out(make):
    document = channel.configtx(make(2, explicit_policy=True))["Profiles"][channel.PROFILE]["Application"]["Policies"]
    assert document["Readers"]["Rule"] == "OutOf(1, 'Org1MSP.member', 'Org2MSP.member')"
    writers = "'Org1MSP.admin', 'Org1MSP.client', 'Org2MSP.admin', 'Org2MSP.client'"
    assert document["Writers"]["Rule"] == f"OutOf(1, {writers})"


@pytest.mark.parametrize(("version", "capability"), [("2.5.16", "V2_0"), ("3.1.5", "V3_0")])
def test_the_channel_has_its_versions_capabilities(make, version, capability):
    profile = channel.configtx(make(version=version))["Profiles"][channel.PROFILE]
    assert profile["Capabilities"] == {capability: True}
    assert profile["Application"]["Capabilities"] == {"V2_5": True}


def test_every_orderer_is_a_consenter_and_every_peer_an_anchor(make):
    network = make()
    document = channel.configtx(network)
    raft = document["Profiles"][channel.PROFILE]["Orderer"]["EtcdRaft"]
    assert [each["Port"] for each in raft["Consenters"]] == [each.port for each in network.orderers]
    assert raft["Options"]["TickInterval"] == "250ms"
    anchors = [section["AnchorPeers"] for section in document["Organizations"][1:]]
    assert anchors == [[{"Host": "127.0.0.1", "Port": each.port}] for each in network.organisations]
