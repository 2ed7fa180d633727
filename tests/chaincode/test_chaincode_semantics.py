"""The stub's semantics (Fabric's), argument schemas, canonical JSON, errors, and that nothing conflicts needlessly."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_chaincode import canonical
from totem_chaincode.arguments import AMOUNT, Choice, Document, ListOf, Optional, Record, Text, check_fields
from totem_chaincode.errors import Conflict, ContractError, Forbidden, Invalid, NotFound, Refused
from totem_chaincode.simulation import SimulatedStub, conflicts
from totem_chaincode.state import State
from totem_chaincode.stub import PrivateDataUnavailable, StubError, composite_key, split_composite_key
from totem_chaincode.testing import PEOPLE, MemoryState, creator
from totem_sdk.errors import InternalError

WHO = creator("peter", "StavangerMSP", "consumer")


class Bench:
    """A state, and transactions on it that are begun and committed by hand."""

    def __init__(self):
        self.state = MemoryState()
        self.numbers = itertools.count(1)

    def begin(self, peer_msp=None):
        return SimulatedStub(self.state, tx_id="ab" * 32, timestamp=5, creator=WHO, peer_msp=peer_msp)

    def commit(self, stub):
        problem = conflicts(self.state, stub.result())
        if problem is None:
            self.state.apply(stub.result(), (next(self.numbers), 0), stub.tx_id, stub.timestamp)
        return problem

    def put(self, **values):
        stub = self.begin()
        for key, value in values.items():
            stub.put_state(key, value.encode())
        assert self.commit(stub) is None


@pytest.fixture
def bench():
    return Bench()


def test_there_is_no_read_your_writes(bench):
    bench.put(a="1")
    stub = bench.begin()
    stub.put_state("a", b"2")
    stub.put_state("b", b"2")
    assert (stub.get_state("a"), stub.get_state("b")) == (b"1", None)
    assert [row.key for row in stub.get_state_by_range("", "")] == ["a"]


def test_a_changed_read_makes_the_transaction_void(bench):
    bench.put(a="1")
    stub = bench.begin()
    stub.get_state("a")
    stub.put_state("b", b"1")
    bench.put(a="1")  # the same value, but a new version
    assert bench.commit(stub) == "MVCC_READ_CONFLICT"
    assert bench.begin().get_state("b") is None


def test_reading_an_absent_key_conflicts_with_its_creation(bench):
    stub = bench.begin()
    stub.get_state("a")
    bench.put(a="1")
    assert bench.commit(stub) == "MVCC_READ_CONFLICT"


@pytest.mark.parametrize(("change", "outcome"), [("ab", "PHANTOM_READ_CONFLICT"), ("b", None), ("z", None)])
def test_phantoms_are_found_in_what_was_read_of_a_range(bench, change, outcome):
    bench.put(aa="1", ac="1", c="1")
    stub = bench.begin()
    rows = stub.get_state_by_range("a", "b")
    assert [row.key for row in rows] == ["aa", "ac"]
    bench.put(**{change: "1"})
    assert bench.commit(stub) == outcome


def test_a_range_that_was_not_drawn_to_its_end_depends_on_what_was_seen(bench):
    bench.put(a="1", b="1", c="1")
    first, second = bench.begin(), bench.begin()
    for stub in (first, second):
        assert next(stub.get_state_by_range("", "")).key == "a"
    bench.put(c="2")
    assert bench.commit(first) is None
    bench.put(a="2")
    assert bench.commit(second) == "PHANTOM_READ_CONFLICT"


def test_a_deleted_row_of_a_range_is_a_phantom_too(bench):
    bench.put(a="1", b="1")
    stub = bench.begin()
    list(stub.get_state_by_range("", ""))
    other = bench.begin()
    other.del_state("b")
    bench.commit(other)
    assert bench.commit(stub) == "PHANTOM_READ_CONFLICT"


def test_simple_ranges_leave_composite_keys_out(bench):
    stub = bench.begin()
    stub.put_state(composite_key("job", ["1"]), b"1")
    stub.put_state("plain", b"1")
    bench.commit(stub)
    assert [row.key for row in bench.begin().get_state_by_range("", "")] == ["plain"]


def test_partial_composite_keys_are_whole_parts(bench):
    stub = bench.begin()
    for parts in (["a"], ["a", "1"], ["ab", "1"], ["a", "2"]):
        stub.put_state(composite_key("k", parts), b"1")
    stub.put_state(composite_key("kk", ["a"]), b"1")
    bench.commit(stub)
    rows = bench.begin().get_state_by_partial_composite_key("k", ["a"])
    assert [split_composite_key(row.key)[1] for row in rows] == [("a",), ("a", "1"), ("a", "2")]
    rows = bench.begin().get_state_by_partial_composite_key("k", [], after=composite_key("k", ["a", "1"]))
    assert [split_composite_key(row.key)[1] for row in rows] == [("a", "2"), ("ab", "1")]
    with pytest.raises(StubError, match="not of this range"):
        bench.begin().get_state_by_partial_composite_key("k", ["a"], after=composite_key("k", ["ab"]))


def test_pages_cover_a_range_once_and_only_in_transactions_that_write_nothing(bench):
    stub = bench.begin()
    for number in range(7):
        stub.put_state(composite_key("k", [str(number)]), b"1")
    bench.commit(stub)
    stub, bookmark, seen = bench.begin(), "", []
    while True:
        page = stub.get_state_by_partial_composite_key_with_pagination("k", [], 3, bookmark)
        seen += [split_composite_key(row.key)[1][0] for row in page.rows]
        bookmark = page.bookmark
        if not bookmark:
            break
    assert seen == [str(number) for number in range(7)]
    with pytest.raises(StubError, match="may not write"):
        stub.put_state("x", b"1")
    stub = bench.begin()
    stub.put_state("x", b"1")
    with pytest.raises(StubError, match="write nothing"):
        stub.get_state_by_partial_composite_key_with_pagination("k", [], 3, "")


def test_history_is_newest_first_with_deletions(bench):
    bench.put(a="1")
    bench.put(a="2")
    stub = bench.begin()
    stub.del_state("a")
    bench.commit(stub)
    assert [change.value for change in bench.begin().get_history_for_key("a")] == [None, b"2", b"1"]


def test_private_values_are_for_peers_of_the_organisation_hashes_for_all(bench):
    collection = "_implicit_org_StavangerMSP"
    stub = bench.begin("UtilityMSP")
    stub.put_private_data(collection, "k", b"secret")
    bench.commit(stub)
    other = bench.begin("UtilityMSP")
    assert other.get_private_data_hash(collection, "k") is not None
    with pytest.raises(PrivateDataUnavailable):
        other.get_private_data(collection, "k")
    own = bench.begin("StavangerMSP")
    assert own.get_private_data(collection, "k") == b"secret"
    purge = bench.begin()
    purge.purge_private_data(collection, "k")
    bench.commit(purge)
    assert bench.begin("StavangerMSP").get_private_data(collection, "k") is None
    assert bench.commit(own) == "MVCC_READ_CONFLICT"


def test_the_last_event_counts(bench):
    stub = bench.begin()
    stub.set_event("first", b"{}")
    stub.set_event("second", b"{}")
    assert stub.result().event == ("second", b"{}")


@pytest.mark.parametrize(
    "misuse",
    [
        lambda stub: stub.put_state("", b"1"),
        lambda stub: stub.put_state("k", b""),
        lambda stub: stub.set_event("", b"1"),
        lambda stub: composite_key("", []),
        lambda stub: composite_key("k", ["a\x00b"]),
        lambda stub: composite_key("k", ["a" * 513]),
        lambda stub: split_composite_key("plain"),
    ],
)
def test_what_fabric_refuses_is_refused(bench, misuse):
    with pytest.raises(StubError):
        misuse(bench.begin())


def test_records_are_not_used_after_they_were_written(bench):
    state = State(bench.begin(), read_only=False)
    state.put("job", "1", record={"a": 1})
    for misuse in (
        lambda: state.get("job", "1"),
        lambda: state.put("job", "1", record={}),
        lambda: state.delete("job", "1"),
    ):
        with pytest.raises(InternalError, match="no read-your-writes"):
            misuse()
    with pytest.raises(InternalError, match="read-only"):
        State(bench.begin(), read_only=True).put("job", "1", record={})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(JSON)
def test_canonical_json_reads_back_and_has_one_form(value):
    encoded = canonical.encode(value)
    assert canonical.decode(encoded) == value
    assert canonical.encode(canonical.decode(encoded)) == encoded


@pytest.mark.parametrize("value", [0.5, {"a": [1, 0.5]}, float("nan"), b"x", {1: 2}, "\ud800", {"a": {1, 2}}])
def test_what_is_not_canonical_is_refused(value):
    with pytest.raises(canonical.NotCanonical):
        canonical.encode(value)


@pytest.mark.parametrize("text", ["0.5", "[1e3]", "NaN", "{", "[" * 100_000])
def test_what_is_not_canonical_is_not_read(text):
    with pytest.raises(canonical.NotCanonical):
        canonical.encode(canonical.decode(text))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (AMOUNT, 0, "place: 1 to"),
        (AMOUNT, True, "place: expected an integer, got bool"),
        (AMOUNT, 1.0, "give it as a text"),
        (Text(3), "abcd", "place: a text of 1 to 3 bytes"),
        (Text(3), "éé", "place: a text of 1 to 3 bytes"),
        (Text(3), "\ud800", "not valid Unicode"),
        (Text(9, pattern="a+", what="row of a"), "ab", "not a row of a"),
        (Choice("x", "y"), "z", "expected one of x, y"),
        (ListOf(AMOUNT, 2), [1, 2, 3], "0 to 2 items"),
        (ListOf(AMOUNT, 2), [1, "2"], r"place\[1\]: expected an integer"),
        (ListOf(AMOUNT, 2), "12", "expected a list"),
        (Record({"a": AMOUNT}), {}, "the field 'a' is missing"),
        (Record({"a": AMOUNT}), {"a": 1, "b": 1}, "unknown field 'b'"),
        (Record({"a": AMOUNT}), [1], "expected an object"),
        (Document(10), {"a": "long text"}, "at most 10 bytes"),
        (Document(10), [1], "expected an object, got list"),
        (Document(10, lists=True), {"a": 0.5}, "a float"),
    ],
)
def test_a_wrong_argument_is_named(field, value, message):
    with pytest.raises(Invalid, match=message):
        field.check(value, "place")


def test_optional_fields_have_defaults():
    fields = {"a": Optional(AMOUNT, 7), "b": AMOUNT}
    assert check_fields(fields, {"b": 1}, "x") == check_fields(fields, {"a": None, "b": 1}, "x") == {"a": 7, "b": 1}


@pytest.mark.parametrize(
    "error",
    [
        Invalid("m"),
        Forbidden("m", code="grant"),
        NotFound("m"),
        Conflict("m", details={"a": 1}),
        Refused("m", code="program", refusals=[{"line": 1, "column": 2, "code": "c", "message": "m", "hint": ""}]),
    ],
)
def test_errors_arrive_as_what_they_were(error):
    arrived = ContractError.from_json(canonical.decode(canonical.encode(error.to_json())))
    assert type(arrived) is type(error)
    assert arrived.to_json() == error.to_json()


@pytest.mark.parametrize("document", [None, {}, {"kind": "other", "code": "", "message": "", "details": {}}])
def test_what_is_no_contract_error_is_not_taken_for_one(document):
    with pytest.raises(ValueError, match="not a contract's error"):
        ContractError.from_json(document)


def simulate(memory, person, function, args, transient=None):
    who = PEOPLE[person]
    return memory.simulate(creator(who.name, who.msp_id, who.role), function, args, transient)


def test_settlements_of_concurrent_jobs_do_not_conflict(story, memory):
    access = story.ready()
    jobs = [story.submit(access, 50) for _ in range(5)]
    for job_id in jobs:
        story.accept(job_id)
    begun = [
        simulate(
            memory, "utility", "jobs.settle", *story.settlement(job_id, 0, story.receipt(0, "map", 5, "out_of_totem"))
        )
        for job_id in jobs
    ]
    assert {memory.commit(item) for item in begun} == {"VALID"}
    ended = [simulate(memory, "utility", "jobs.halt", {"job_id": job_id}) for job_id in jobs]
    assert {memory.commit(item) for item in ended} == {"VALID"}
    assert story.available("utility") == 25


def test_credits_conflict_with_nothing(story, memory):
    access = story.ready()
    begun = [
        simulate(memory, "admin", "accounts.issue", {"account": PEOPLE["peter"].id, "amount": 5, "reason": "x"})
        for _ in range(5)
    ]
    args = {"to": PEOPLE["peter"].id, "amount": 1, "reason": "x"}
    story.fund("paula")
    begun.append(simulate(memory, "paula", "accounts.transfer", args))
    story.submit(access)
    assert {memory.commit(item) for item in begun} == {"VALID"}
    assert story.available("peter") == 1_000 - 100 + 25 + 1


def test_an_account_is_not_spent_twice(story, memory):
    story.ready(100)
    args = {"to": PEOPLE["paula"].id, "amount": 60, "reason": "x"}
    both = [simulate(memory, "peter", "accounts.transfer", args) for _ in range(2)]
    first, second = (memory.commit(item) for item in both)
    assert first == "VALID"
    assert second in ("MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT")
    assert story.available("peter") == 40


def test_many_credits_are_swept_when_they_are_needed(story):
    story.ready(1)
    for _ in range(150):
        story.fund("peter", 1)
    args = {"to": PEOPLE["paula"].id, "amount": 151, "reason": "x"}
    story.invoke("peter", "accounts.transfer", args)
    assert story.available("peter") == 0
    with pytest.raises(Refused):
        story.invoke("peter", "accounts.transfer", args | {"amount": 1})
