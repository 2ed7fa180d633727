"""The benchmark's own arithmetic: a wrong answer is no time, turns are compared, ours divides by theirs."""

import pytest

from benchmarks.measure import Contender, WrongAnswer, check_equal, compare, not_run


def test_the_ratio_is_ours_divided_by_the_peers_turn_by_turn():
    runs = []
    clock = iter(range(100))

    def answer(who):
        def run():
            runs.append(who)
            return {0: 1.5, 23: 2.0}

        return run

    ours = Contender("ours", answer("ours"), 3, cpu=lambda: 0.0)
    peer = Contender("peer", answer("peer"), 2, cpu=lambda: float(next(clock)))
    (record,) = compare("peak hour", 10, ours, [peer])
    assert runs == ["ours", "peer", *("ours", "peer") * 2, "ours"], "once to warm up, then in turn"
    assert (record.name, record.rows, record.peer, record.runs) == ("peak hour", 10, "peer", 2)
    assert record.ratio_range[0] <= record.ratio <= record.ratio_range[1]
    assert record.ratio == pytest.approx(sum(record.ratio_range) / 2), "the median of two turns"
    assert (record.cpu_seconds, record.peer_cpu_seconds, record.cpu_ratio) == (0.0, 1.0, 0.0)
    assert set(record.to_json()) >= {"name", "rows", "seconds", "peer", "peer_seconds", "ratio"}


def test_a_peer_that_was_not_run_has_no_figures_but_a_reason():
    (record,) = compare("peak hour", 10, Contender("ours", dict, 1), [Contender("peer", dict, 1)])
    other = not_run(record, "mrjob", "too slow")
    assert (other.seconds, other.peer, other.reason) == (record.seconds, "mrjob", "too slow")
    assert other.peer_seconds is None
    assert other.ratio is None


def test_a_peer_with_another_answer_is_refused():
    ours = Contender("ours", lambda: {1: 2.0}, 1)
    with pytest.raises(WrongAnswer, match="key 1"):
        compare("peak hour", 1, ours, [Contender("peer", lambda: {1: 2.0000001}, 1)])
    with pytest.raises(WrongAnswer, match="keys"):
        compare("peak hour", 1, ours, [Contender("peer", lambda: {1: 2.0, 2: 1.0}, 1)])


def test_the_last_bits_of_a_sum_may_differ():
    check_equal("ours", {1: 0.1 + 0.2}, "peer", {1: 0.3})
