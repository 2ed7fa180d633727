"""The stub over a peer: every call of the protocol, with the semantics of the simulation."""

import json

import pytest
from fabric_protos.msp.identities_pb2 import SerializedIdentity

from tests.chaincode.shim.shim_peer import MULTIPLE, NOW
from tests.chaincode.shim.shim_people import certificate, identity, pem
from totem_chaincode.stub import StubError, composite_key, organisation_collection, split_composite_key

OWN = organisation_collection("StavangerMSP")
OTHER = organisation_collection("PortoMSP")
WHO = identity("peter", "StavangerMSP", "consumer")


def put(run, **values):
    def write(stub):
        for key, value in values.items():
            stub.put_state(key, value.encode())

    assert run(write).status == 200


def answer(endorsed):
    assert endorsed.status == 200, endorsed.message
    return json.loads(endorsed.payload)


def test_state_is_written_read_and_deleted(run):
    put(run, a="1", b="2")
    assert answer(run(lambda stub: [stub.get_state(key) and stub.get_state(key).decode() for key in "abc"])) == [
        "1",
        "2",
        None,
    ]
    run(lambda stub: stub.del_state("a"))
    assert answer(run(lambda stub: stub.get_state("a"))) is None


def test_there_is_no_read_your_writes(run):
    put(run, a="1")

    def both(stub):
        stub.put_state("a", b"2")
        stub.put_state("b", b"2")
        rows = [row.key for row in stub.get_state_by_range("", "")]
        return [stub.get_state("a").decode(), stub.get_state("b"), rows]

    assert answer(run(both)) == ["1", None, ["a"]]


def test_an_unpaged_range_comes_in_several_answers_in_order(run):
    run.peer.batch = 3
    put(run, **{f"k{number:02}": str(number) for number in range(10)})
    rows = answer(run(lambda stub: [[row.key, row.value.decode()] for row in stub.get_state_by_range("k01", "k09")]))
    assert rows == [[f"k{number:02}", str(number)] for number in range(1, 9)]
    assert run.peer.seen.count("QUERY_STATE_NEXT") == 2
    assert "QUERY_STATE_CLOSE" not in run.peer.seen


@pytest.mark.parametrize("count", [0, 1, 3, 4, 6])
def test_ranges_of_every_size_around_a_batch_end(run, count):
    run.peer.batch = 3
    put(run, **{f"k{number}": "v" for number in range(count)})
    assert answer(run(lambda stub: len(list(stub.get_state_by_range("", ""))))) == count


def test_a_range_from_the_empty_key_leaves_composite_keys_out(run):
    def write(stub):
        stub.put_state(composite_key("job", ["1"]), b"1")
        stub.put_state("plain", b"1")

    run(write)
    assert answer(run(lambda stub: [row.key for row in stub.get_state_by_range("", "")])) == ["plain"]


def test_a_range_that_nobody_draws_from_is_not_asked_for(run):
    run(lambda stub: stub.get_state_by_range("", "") and None)
    assert "GET_STATE_BY_RANGE" not in run.peer.seen


def test_a_range_that_is_not_read_to_its_end_is_closed(run):
    run.peer.batch = 2
    put(run, a="1", b="1", c="1")
    running = run(lambda stub: next(stub.get_state_by_range("", "")).key)
    assert answer(running) == "a"
    assert run.peer.seen.count("QUERY_STATE_CLOSE") == 1


def test_two_ranges_are_drawn_in_turns(run):
    run.peer.batch = 2
    put(run, a="1", b="1", c="1", d="1", e="1")

    def zipped(stub):
        pairs = zip(stub.get_state_by_range("", ""), stub.get_state_by_range("b", ""), strict=False)
        return [one.key + two.key for one, two in pairs]

    assert answer(run(zipped)) == ["ab", "bc", "cd", "de"]


def test_partial_composite_keys_are_whole_parts(run):
    def write(stub):
        for parts in (["a"], ["a", "1"], ["ab", "1"], ["a", "2"]):
            stub.put_state(composite_key("k", parts), b"1")
        stub.put_state(composite_key("kk", ["a"]), b"1")

    run(write)
    found = answer(
        run(
            lambda stub: [
                list(split_composite_key(row.key)[1]) for row in stub.get_state_by_partial_composite_key("k", ["a"])
            ]
        )
    )
    assert found == [["a"], ["a", "1"], ["a", "2"]]


def test_pages_cover_a_range_once_and_their_bookmarks_go_on(run):
    def write(stub):
        for number in range(7):
            stub.put_state(composite_key("k", [str(number)]), b"1")

    run(write)

    def page(stub, bookmark):
        found = stub.get_state_by_partial_composite_key_with_pagination("k", [], 3, bookmark)
        return [[split_composite_key(row.key)[1][0] for row in found.rows], found.bookmark]

    seen, bookmark, pages = [], "", 0
    while pages == 0 or bookmark:
        rows, bookmark = answer(run(lambda stub, at=bookmark: page(stub, at)))
        seen, pages = seen + rows, pages + 1
    assert (seen, pages) == ([str(number) for number in range(7)], 3)
    assert "QUERY_STATE_NEXT" not in run.peer.seen


@pytest.mark.parametrize(
    "misuse",
    [
        lambda stub: stub.put_state("", b"1"),
        lambda stub: stub.put_state("k", b""),
        lambda stub: stub.get_state(""),
        lambda stub: stub.set_event("", b"1"),
        lambda stub: stub.get_state_by_range("\x00k", ""),
        lambda stub: stub.put_private_data("", "k", b"public by mistake"),
        lambda stub: stub.put_private_data(OWN, "k", b""),
        lambda stub: stub.purge_private_data(OWN, ""),
        lambda stub: stub.get_state_by_partial_composite_key_with_pagination("k", [], 0, ""),
        lambda stub: stub.get_state_by_partial_composite_key_with_pagination("k", [], 1, "elsewhere"),
        lambda stub: (stub.put_state("k", b"1"), page_of(stub)),
        lambda stub: (stub.set_event("k", b"1"), page_of(stub)),
        lambda stub: (page_of(stub), stub.put_state("k", b"1")),
        lambda stub: (page_of(stub), stub.del_state("k")),
        lambda stub: (page_of(stub), stub.purge_private_data(OWN, "k")),
    ],
)
def test_what_the_simulation_refuses_is_refused_here(run, misuse):
    def check(stub):
        with pytest.raises(StubError):
            misuse(stub)
        return True

    assert answer(run(check, commit=False)) is True


def page_of(stub):
    return stub.get_state_by_partial_composite_key_with_pagination("k", [], 1, "")


def test_history_is_newest_first_with_deletions_over_several_answers(run):
    run.peer.batch = 2
    for value in "123":
        put(run, a=value)
    run(lambda stub: stub.del_state("a"))
    found = answer(
        run(
            lambda stub: [
                [change.value and change.value.decode(), change.timestamp] for change in stub.get_history_for_key("a")
            ]
        )
    )
    assert found == [[value, NOW] for value in (None, "3", "2", "1")]


def test_private_data_are_written_hashed_read_and_purged(run):
    run(lambda stub: stub.put_private_data(OWN, "k", b"secret"))
    both = run(
        lambda stub: [stub.get_private_data(OWN, "k").decode(), stub.get_private_data_hash(OWN, "k").hex()],
    )
    assert answer(both) == ["secret", "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"]
    assert answer(run(lambda stub: stub.get_private_data(OTHER, "k"))) is None
    run(lambda stub: stub.purge_private_data(OWN, "k"))
    assert "PURGE_PRIVATE_DATA" in run.peer.seen
    assert answer(run(lambda stub: [stub.get_private_data(OWN, "k"), stub.get_private_data_hash(OWN, "k")])) == [
        None,
        None,
    ]


def test_another_organisations_private_data_are_reported_as_not_here(scripted, serve, connect):
    server = serve(scripted)
    first = connect(server, msp="StavangerMSP")
    second = connect(server, msp="UtilityMSP", state=first.state)
    scripted.calls["put"] = lambda stub, args: stub.put_private_data(OWN, "k", b"secret")
    scripted.calls["get"] = lambda stub, args: stub.get_private_data(OWN, "k").decode()
    first.invoke(WHO, "put")
    assert first.invoke(WHO, "get") == "secret"
    refused = second.endorse(WHO, "get")
    assert refused.status == 400
    assert json.loads(refused.message)["code"] == "wrong_peer"


def test_transient_data_reach_the_contract(run):
    found = run(lambda stub: {name: value.decode() for name, value in stub.transient.items()}, transient={"a": "1"})
    assert answer(found) == {"a": "1"}
    assert answer(run(lambda stub: dict(stub.transient))) == {}


def test_the_creator_is_who_signed_with_the_attributes_of_the_certificate(run):
    def creator(stub):
        who = stub.creator
        return [who.msp_id, who.common_name, dict(who.attributes), who.fingerprint]

    msp_id, name, attributes, fingerprint = answer(run(creator))
    assert (msp_id, name, attributes) == ("StavangerMSP", "peter", {"role": "consumer"})
    assert len(fingerprint) == 64
    assert answer(run(creator, who=identity("paula", "PortoMSP", None)))[:3] == ["PortoMSP", "paula", {}]


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"attrs": 1}', b"\xff"])
def test_attributes_that_cant_be_read_are_refused_as_such(run, raw):
    made, _ = certificate("peter", raw=raw)
    who = SerializedIdentity(mspid="StavangerMSP", id_bytes=pem(made)).SerializeToString()
    refused = run(lambda stub: None, who=who)
    assert refused.status == 400
    assert json.loads(refused.message)["code"] == "bad_certificate"


@pytest.mark.parametrize("who", [b"", b"\x0a\x03abc", b"\x0a\x03abc\x12\x03pem", b"\xff\xff\xff"])
def test_a_creator_that_is_no_certificate_is_refused(run, who):
    refused = run(lambda stub: None, who=who or b"\x0a\x00")
    assert refused.status == 400
    assert json.loads(refused.message)["code"] in ("bad_certificate", "bad_proposal")


def test_time_and_id_are_the_transactions(run):
    found = run(lambda stub: [stub.timestamp, stub.tx_id], timestamp=NOW + 123)
    assert answer(found) == [NOW + 123, found.tx_id]


@pytest.mark.parametrize("apart", [-31_000, 31_000])
def test_a_proposal_of_another_time_is_refused(run, apart):
    refused = run(lambda stub: None, timestamp=NOW + apart)
    assert refused.status == 400
    assert json.loads(refused.message)["code"] == "stale"


def test_the_last_event_counts_and_a_failed_transaction_has_none(run, scripted):
    def events(stub):
        stub.set_event("first", b"{}")
        stub.set_event("second", b'{"a":1}')

    assert run(events).event == ("second", b'{"a":1}')

    def failing(stub):
        events(stub)
        raise RuntimeError

    assert run(failing).event is None


def states(stub):
    return [value and value.decode() for value in stub.get_states(["a", "b", "c", "d", "e"])]


def test_several_keys_are_read_at_once_where_the_peer_announces_it(scripted, serve, connect):
    peer = connect(serve(scripted), features=MULTIPLE)
    scripted.calls["put"] = lambda stub, args: [stub.put_state(key, key.encode()) for key in "abe"] and None
    scripted.calls["get"] = lambda stub, args: states(stub)
    peer.invoke(WHO, "put")
    endorsed = peer.endorse(WHO, "get")
    assert answer(endorsed) == ["a", "b", None, None, "e"]
    assert (peer.seen.count("GET_STATE_MULTIPLE"), peer.seen.count("GET_STATE")) == (2, 0)
    assert set(endorsed.found.reads) == set("abcde")


def test_several_keys_are_read_one_by_one_where_it_does_not(run):
    put(run, a="a", b="b", e="e")
    assert answer(run(states)) == ["a", "b", None, None, "e"]
    assert (run.peer.seen.count("GET_STATE_MULTIPLE"), run.peer.seen.count("GET_STATE")) == (0, 5)
