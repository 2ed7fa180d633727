"""What real peers answered, answered to the client again: the same outcomes. Recorded by tests/tapes/record.py."""

from collections import Counter

import pytest

from tests.tapes.rerun import replayed
from tests.tapes.tape import Tape, expected_outcomes, recorded

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=recorded("gateway"), ids=lambda path: path.name.removesuffix(".tape.xz"))
def tape(request):
    return Tape.read(request.param)


def test_both_supported_versions_are_on_tape():
    assert {Tape.read(path).about["fabric"].rpartition(".")[0] for path in recorded("gateway")} == {"2.5", "3.1"}


def test_the_client_asks_what_it_asked_and_understands_what_it_understood(tape):
    outcomes, differences = replayed(tape)
    assert differences == []
    assert outcomes == expected_outcomes()


def forged(tape, method, forge):
    """Return the tape with another answer to the first call of a method for which ``forge`` returns something."""
    entries = [dict(entry) for entry in tape.entries]
    for entry in entries:
        if entry["method"].endswith(f"/{method}") and (other := forge(entry)):
            entry.update(other)
            return Tape(tape.about, entries)
    raise AssertionError("nothing was forged")


@pytest.mark.parametrize(
    ("method", "forge"),
    [
        ("CommitStatus", lambda entry: {"responses": ["080b"]} if entry["responses"][0].startswith("10") else None),
        ("Endorse", lambda entry: {"trailers": []} if entry["trailers"] else None),
        (
            "Endorse",
            lambda entry: {"code": "UNKNOWN", "details": "", "responses": []} if entry["code"] == "OK" else None,
        ),
    ],
)
def test_another_answer_of_the_peers_is_noticed(tape, method, forge):
    outcomes, differences = replayed(forged(tape, method, forge))
    assert outcomes != expected_outcomes() or differences


def test_what_can_happen_to_a_transaction_is_on_tape(tape):
    calls = Counter(entry["method"].rpartition("/")[2] for entry in tape.entries)
    assert {"Evaluate", "Endorse", "Submit", "CommitStatus", "ChaincodeEvents", "Deliver"} <= set(calls)
    assert any(entry["trailers"] for entry in tape.entries)
    said = Counter(each["error"][1] for each in expected_outcomes() if "error" in each)
    assert set(said) >= {
        *("MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT", "ENDORSEMENT_POLICY_FAILURE"),
        *("wrong_peer", "drill", "authority", "stale"),
    }
