"""The benchmark's own arithmetic: a wrong answer is no time, medians are compared, ours divides by theirs."""

import pytest

from benchmarks.measure import Contender, WrongAnswer, check_equal, compare


def test_the_ratio_is_ours_divided_by_the_peers_median():
    runs = []

    def answer(who):
        def run():
            runs.append(who)
            return {0: 1.5, 23: 2.0}

        return run

    records = compare("peak hour", 10, Contender("ours", answer("ours"), 3), [Contender("peer", answer("peer"), 2)])
    assert runs == ["ours", "peer", "ours", "peer", "ours"]
    (record,) = records
    assert (record.name, record.rows, record.peer) == ("peak hour", 10, "peer")
    assert record.ratio == pytest.approx(record.seconds / record.peer_seconds)
    assert set(record.to_json()) == {"name", "rows", "seconds", "peer", "peer_seconds", "ratio"}


def test_a_peer_with_another_answer_is_refused():
    ours = Contender("ours", lambda: {1: 2.0}, 1)
    with pytest.raises(WrongAnswer, match="key 1"):
        compare("peak hour", 1, ours, [Contender("peer", lambda: {1: 2.0000001}, 1)])
    with pytest.raises(WrongAnswer, match="keys"):
        compare("peak hour", 1, ours, [Contender("peer", lambda: {1: 2.0, 2: 1.0}, 1)])


def test_the_last_bits_of_a_sum_may_differ():
    check_equal("ours", {1: 0.1 + 0.2}, "peer", {1: 0.3})
