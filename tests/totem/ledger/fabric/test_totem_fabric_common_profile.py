"""Fabric's common connection profile, as networks hand it out: read, or refused with the place and the reason."""

import copy
import json
from contextlib import suppress

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from totem.ledger import CertificateAuthority, LedgerUnavailable
from totem.ledger.fabric import ConnectionProfile, PeerAddress
from totem.ledger.fabric.ca import FabricCa
from totem.ledger.fabric.endpoints import TlsClient

PEM = CertificateAuthority.create().certificate
OTHER = CertificateAuthority.create().certificate
OWN = {"channel": "energy", "chaincode": "totem"}

# One organisation, as the sample network generates it for its applications.
ONE = {
    "name": "test-network-org1",
    "version": "1.0.0",
    "client": {"organization": "Org1", "connection": {"timeout": {"peer": {"endorser": "300"}}}},
    "organizations": {
        "Org1": {
            "mspid": "Org1MSP",
            "peers": ["peer0.org1.example.com"],
            "certificateAuthorities": ["ca.org1.example.com"],
        }
    },
    "peers": {
        "peer0.org1.example.com": {
            "url": "grpcs://localhost:7051",
            "tlsCACerts": {"pem": PEM},
            "grpcOptions": {
                "ssl-target-name-override": "peer0.org1.example.com",
                "hostnameOverride": "peer0.org1.example.com",
            },
        }
    },
    "certificateAuthorities": {
        "ca.org1.example.com": {
            "url": "https://localhost:7054",
            "caName": "ca-org1",
            "tlsCACerts": {"pem": [PEM]},
            "httpOptions": {"verify": False},
        }
    },
}

# Several organisations written by hand for older clients: channels, orderers, files, peers without TLS.
SEVERAL = f"""
---
name: energy
x-type: hlfv1
description: two utilities and a grid operator
version: "1.0"
client:
  organization: Grid
  logging: {{level: info}}
  tlsCerts:
    client: {{key: {{path: tls/client.key}}, cert: {{path: tls/client.crt}}}}
channels:
  energy:
    orderers: [orderer.example.com]
    peers:
      peer0.grid.example.com: {{endorsingPeer: true, chaincodeQuery: true, ledgerQuery: true, eventSource: true}}
organizations:
  Utility:
    mspid: UtilityMSP
    peers: [peer0.utility.example.com, peer1.utility.example.com]
  Grid:
    mspid: GridMSP
    peers:
    - peer0.grid.example.com
    certificateAuthorities:
    - ca-grid
  OrdererOrg:
    mspid: OrdererMSP
orderers:
  orderer.example.com:
    url: grpcs://orderer.example.com:7050
    grpcOptions: {{grpc.keepalive_time_ms: 10000}}
peers:
  peer0.utility.example.com:
    url: grpcs://peer0.utility.example.com:7051
    eventUrl: grpcs://peer0.utility.example.com:7053
    grpcOptions: {{ssl-target-name-override: peer0.utility.example.com}}
    tlsCACerts: {{path: tls/utility.pem}}
  peer1.utility.example.com:
    url: grpc://127.0.0.1:7051
  peer0.grid.example.com:
    url: grpcs://127.0.0.1:9051
    grpcOptions:
      grpc.ssl_target_name_override: peer0.grid.example.com
    tlsCACerts:
      pem: |
{"".join(f"        {line}{chr(10)}" for line in PEM.splitlines())}
certificateAuthorities:
  ca-grid:
    url: https://ca.grid.example.com:7054
    registrar: [{{enrollId: admin, enrollSecret: adminpw}}]
    tlsCACerts: {{path: tls/ca.pem}}
x-totem:
  chaincode: contracts
  endorsers: [GridMSP, UtilityMSP]
  endorsements: 1
  deadlines: {{endorse: 3}}
"""


@pytest.fixture
def write(tmp_path):
    """Write a profile, as JSON or YAML, beside the files that it may name."""
    (tmp_path / "tls").mkdir()
    for name, text in (("utility.pem", PEM), ("ca.pem", PEM), ("client.crt", OTHER), ("client.key", "key")):
        (tmp_path / "tls" / name).write_text(text)

    def put(document, name="connection.json"):
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    return put


def test_what_the_sample_network_makes_is_read_in_both_forms(write):
    document = {**ONE, "x-totem": OWN}
    profile = ConnectionProfile.load(write(document))
    peer = PeerAddress("localhost:7051", "Org1MSP", PEM.encode(), "peer0.org1.example.com")
    assert (profile.channel, profile.chaincode, profile.peers) == ("energy", "totem", (peer,))
    assert (profile.endorsers, profile.endorsements, profile.tls_client) == ((), 0, None)
    assert ConnectionProfile.load(write(yaml.safe_dump(document), "connection.yaml")) == profile


def test_peers_of_the_clients_organisation_come_first(write):
    profile = ConnectionProfile.load(write(SEVERAL, "connection.yml"))
    pem = PEM.encode()
    assert profile.peers == (
        PeerAddress("127.0.0.1:9051", "GridMSP", pem, "peer0.grid.example.com"),
        PeerAddress("peer0.utility.example.com:7051", "UtilityMSP", pem),
        PeerAddress("127.0.0.1:7051", "UtilityMSP"),
    )
    # The only channel is the one that is meant.
    assert (profile.channel, profile.chaincode, profile.endorsements) == ("energy", "contracts", 1)
    assert (profile.endorsers, profile.deadlines.endorse) == (("GridMSP", "UtilityMSP"), 3)
    assert profile.tls_client == TlsClient(OTHER.encode(), b"key")


def test_the_ca_of_the_clients_organisation_is_found(write):
    path = write(SEVERAL, "connection.yaml")
    for name in ("", "ca-grid"):
        assert FabricCa.from_profile(path, name).msp_id == "GridMSP"
    with pytest.raises(LedgerUnavailable, match=r"no CA 'ca-none'.*\(ca-grid\)"):
        FabricCa.from_profile(path, "ca-none")
    with pytest.raises(LedgerUnavailable, match="can't be read"):
        FabricCa.from_profile(path.with_name("none.json"))
    without = {**ONE, "certificateAuthorities": {}}
    with pytest.raises(LedgerUnavailable, match=r"its CA ca\.org1\.example\.com is not under certificateAuthorities"):
        FabricCa.from_profile(write(without))


PEER = ("peers", "peer0.org1.example.com")


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("x-totem",), None, "does not say which channel is meant: add it as x-totem"),
        (("x-totem", "chaincode"), None, "does not say which chaincode is meant"),
        (("x-totem", "chaincode"), "", "chaincode must be a text"),
        (("x-totem", "colour"), "red", "unknown colour"),
        (("x-totem", "peers"), [], "peers stand under peers and organizations"),
        (("x-totem",), [1], "x-totem: expected an object"),
        (("organizations", "Org1", "mspid"), None, r"organizations\.Org1\.mspid: a text must be given"),
        (("organizations", "Org1", "peers"), ["peer9"], r"organizations\.Org1: its peer peer9 is not under peers"),
        (("organizations", "Org1", "peers"), "peer0", r"organizations\.Org1\.peers: expected a list"),
        (("organizations", "Org1"), None, r"client\.organization: 'Org1' is not under organizations"),
        (("organizations", "Org2"), {"mspid": "B", "peers": [PEER[1]]}, "belongs to several organizations"),
        (("organizations",), [], "organizations: expected an object|at least one peer|is not under organizations"),
        ((*PEER, "url"), "localhost:7051", r"peers\.peer0\.org1\.example\.com\.url: 'localhost:7051' is none of grpcs"),
        ((*PEER, "url"), "grpcs://localhost", "is none of grpcs"),
        ((*PEER, "url"), "grpcs://localhost:99999", "is no address"),
        ((*PEER, "url"), "https://localhost:7051", "is none of grpcs"),
        ((*PEER, "url"), "grpcs://me@localhost:7051", "is none of grpcs"),
        ((*PEER, "url"), None, r"\.url: a text must be given"),
        ((*PEER, "tlsCACerts"), None, r"needs the CA to check it with"),
        ((*PEER, "tlsCACerts"), {"path": "none.pem"}, r"none\.pem"),
        ((*PEER, "tlsCACerts"), {"pem": 5}, r"tlsCACerts\.pem: expected a list"),
        ((*PEER, "grpcOptions", "ssl-target-name-override"), 5, "a text must be given, not 5"),
        (("peers", "peer9"), {"url": "grpc://a:1"}, r"peers\.peer9: it belongs to none of the organizations"),
        (("peers",), None, "is not under peers"),
        (("client", "tlsCerts"), {"client": {"cert": {"pem": PEM}}}, "cert and key must both be given"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write, place, value, said):
    document = copy.deepcopy({**ONE, "x-totem": dict(OWN)})
    at = document
    for name in place[:-1]:
        at = at[name]
    if value is None:
        at.pop(place[-1])
    else:
        at[place[-1]] = value
    path = write(document)
    with pytest.raises(LedgerUnavailable, match=said) as refused:
        ConnectionProfile.load(path)
    assert str(path) in str(refused.value)


def test_a_profile_with_several_channels_must_say_which(write):
    channels = {"channels": {"a": {}, "b": {}}, "x-totem": {"chaincode": "totem"}}
    with pytest.raises(LedgerUnavailable, match="which channel is meant"):
        ConnectionProfile.load(write({**ONE, **channels}))


def _places(document, before=()):
    """Yield every place of a document."""
    yield before
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for name, value in items:
        yield from _places(value, (*before, name))


WHOLE = {
    **ONE,
    **yaml.safe_load(SEVERAL),
    "organizations": {**ONE["organizations"], **yaml.safe_load(SEVERAL)["organizations"]},
}
WHOLE["peers"] = {**WHOLE["peers"], **ONE["peers"]}
WHOLE["certificateAuthorities"] = {**WHOLE["certificateAuthorities"], **ONE["certificateAuthorities"]}
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from([PEM, "grpcs://[::1]:1", "grpcs://["]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.slow
@given(st.sampled_from(sorted(filter(None, _places(WHOLE)), key=repr)), JUNK)
@example(("client", "organization"), [])
@example(("certificateAuthorities", "ca.org1.example.com", "url"), "grpcs://[")
def test_junk_anywhere_is_taken_or_refused_and_nothing_else(tmp_path_factory, place, junk):
    folder = tmp_path_factory.getbasetemp() / "common-profiles"
    (folder / "tls").mkdir(parents=True, exist_ok=True)
    for name in ("utility.pem", "ca.pem", "client.crt", "client.key"):
        (folder / "tls" / name).write_text(PEM)
    document = copy.deepcopy(WHOLE)
    at = document
    for name in place[:-1]:
        at = at[name]
    at[place[-1]] = junk
    path = folder / "connection.json"
    path.write_text(json.dumps(document))
    for read in (ConnectionProfile.load, FabricCa.from_profile):
        with suppress(LedgerUnavailable):
            read(path)
