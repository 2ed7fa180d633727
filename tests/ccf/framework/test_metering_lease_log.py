"""The lease log keeps what was appended, drops what a crash cut short, and guesses nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_ccf.metering.lease_log import LeaseLog, LeaseLogDamaged
from totem_ccf.metering.receipt import AttemptReport
from totem_ccf.metering.records import (
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    EscrowGrown,
    JobCancelled,
    LeaseDenied,
    LeaseGranted,
    LeaseReturned,
    PhaseClosed,
    PhaseOpened,
    PhaseSettled,
    PoolAsked,
    TaskVoided,
    record_from_json,
)
from totem_sdk.cost import Counts
from totem_sdk.errors import InvalidDocument

REPORT = AttemptReport("failed", 12, Counts(), 3, 2, 1, {"kind": "overflow", "line": 4}, {"pieces": []})
EVERY_KIND = [
    PhaseOpened(0, 3),
    AttemptStarted(0, 1, "token"),
    LeaseGranted(0, 1, 1, 10, 0, 0),
    LeaseReturned(0, 1, 4, 0, 4),
    LeaseDenied(0, 1),
    AttemptEnded(0, 1, REPORT),
    TaskVoided(1, 1),
    AttemptLost(2, 1),
    PhaseClosed(0, {"charge": 12, "blocks": {"0": 3}}, None),
    PhaseSettled(0, True, 88, "continue"),
    PoolAsked(0),
    EscrowGrown(140),
    JobCancelled(),
]


def reopened(path, job_id="job", escrow=100):
    with LeaseLog(path, job_id, escrow) as log:
        return log.records


def test_what_was_appended_is_read_again(tmp_path):
    path = tmp_path / "lease.log"
    with LeaseLog(path, "job", 100) as log:
        assert log.records == []
        for record in EVERY_KIND:
            log.append([record])
    assert reopened(path) == EVERY_KIND


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(1, 2000), batches=st.lists(st.integers(1, 4), max_size=4))
def test_a_line_that_was_cut_short_is_dropped(tmp_path_factory, cut, batches):
    path = tmp_path_factory.mktemp("log") / "lease.log"
    with LeaseLog(path, "job", 100) as log:
        for number in batches:
            log.append(EVERY_KIND[:number])
    whole = [record for number in batches for record in EVERY_KIND[:number]]
    data = path.read_bytes()
    header = data.index(b"\n") + 1
    path.write_bytes(data[: max(len(data) - cut, header)])
    kept = reopened(path)
    assert kept == whole[: len(kept)]
    with LeaseLog(path, "job", 100) as log:
        log.append([JobCancelled()])
    assert reopened(path) == [*kept, JobCancelled()]


def test_a_header_that_was_cut_short_is_written_again(tmp_path):
    path = tmp_path / "lease.log"
    path.write_bytes(b"1234")
    assert reopened(path) == []
    assert reopened(path) == []


@pytest.mark.parametrize("number", [1, 4, len(EVERY_KIND) + 1], ids=["header", "in between", "last"])
@pytest.mark.parametrize("torn", [b"", b"12345678 {"], ids=["whole", "with a torn line behind it"])
def test_a_whole_line_that_is_damaged_is_an_error_and_stays_as_it_is(tmp_path, number, torn):
    path = tmp_path / "lease.log"
    with LeaseLog(path, "job", 100) as log:
        log.append(EVERY_KIND)
    lines = path.read_bytes().split(b"\n")
    lines[number - 1] = lines[number - 1][:-2] + b"?}"
    damaged = b"\n".join(lines) + torn
    path.write_bytes(damaged)
    with pytest.raises(LeaseLogDamaged, match=rf"line {number}: the checksum .* provider_failed .* check the disk"):
        reopened(path)
    assert path.read_bytes() == damaged


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_changed_bit_is_never_taken_for_a_record(tmp_path_factory, place, bit):
    path = tmp_path_factory.mktemp("log") / "lease.log"
    with LeaseLog(path, "job", 100) as log:
        log.append(EVERY_KIND)
    data = bytearray(path.read_bytes())
    at = int(place * len(data))
    data[at] ^= 1 << bit
    path.write_bytes(data)
    if at == len(data) - 1:
        # Without its line feed the last line is as if torn.
        assert reopened(path) == EVERY_KIND[:-1]
    else:
        with pytest.raises(LeaseLogDamaged):
            reopened(path)


@pytest.mark.parametrize(("job_id", "escrow"), [("other", 100), ("job", 101)])
def test_the_log_of_another_job_or_escrow_is_an_error(tmp_path, job_id, escrow):
    path = tmp_path / "lease.log"
    reopened(path)
    with pytest.raises(LeaseLogDamaged, match="not the lease log of"):
        reopened(path, job_id, escrow)


@pytest.mark.parametrize(
    "document",
    [{"is": "nothing"}, {}, {"is": "open", "phase": 1}, {"is": "end", "task": 0, "attempt": 1, "report": {}}],
)
def test_a_record_that_is_none_is_refused(document):
    with pytest.raises(InvalidDocument):
        record_from_json(document)
