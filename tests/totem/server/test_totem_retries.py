"""When what has failed is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from totem.services.retries import FIRST_SECONDS, LONGEST_SECONDS, Retries


def pauses(jitter, count):
    """Return the pauses after so many failures in a row."""
    now = [0.0]
    retries = Retries(lambda: now[0], jitter=lambda: jitter)
    found = []
    for number in range(1, count + 1):
        assert retries.failed("job") == number
        found.append(retries.pause(1e9))
        assert not retries.is_due("job")
        now[0] += found[-1]
        assert retries.is_due("job")
    return found


def test_pauses_grow_and_are_bounded():
    assert pauses(0.0, 5) == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert pauses(0.0, 40)[-1] == LONGEST_SECONDS


@given(st.floats(0, 1))
def test_jitter_shortens_a_pause_by_a_half_at_most(jitter):
    for least, pause in zip(pauses(1.0, 6), pauses(jitter, 6), strict=True):
        assert FIRST_SECONDS / 2 <= least <= pause * (1 + 1e-9)
        assert pause <= 2 * least * (1 + 1e-9)


def test_what_has_succeeded_is_forgotten():
    retries = Retries(lambda: 0.0)
    retries.failed("a")
    retries.failed("b")
    retries.forget("a")
    retries.keep({"a"})
    assert (retries.failures("a"), retries.failures("b")) == (0, 0)
    assert retries.is_due("b")
    assert retries.pause(5.0) == 5.0


def test_what_is_postponed_has_not_failed():
    now = [0.0]
    retries = Retries(lambda: now[0])
    retries.postpone("job", 30.0)
    assert (retries.failures("job"), retries.is_due("job"), retries.pause(60.0)) == (0, False, 30.0)
    now[0] = 30.0
    assert retries.is_due("job")
