"""The benchmark of commits: both sides commit what they say, and nothing is left behind."""

import pytest

from benchmarks.ledger import COMMITS, commits


@pytest.mark.slow
def test_both_commit_every_transaction(tmp_path):
    with commits(tmp_path) as (ours, peer):
        assert ours.run() == peer.run() == peer.run() == {"committed": COMMITS}
    assert list(tmp_path.iterdir()) == []
