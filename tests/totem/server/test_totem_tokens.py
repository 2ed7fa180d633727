"""API tokens: shown once, kept as hashes, bound to one identity."""

import stat

import pytest

from totem.services import tokens
from totem.services.errors import BadInput, Missing
from totem.services.tokens import TokenStore


@pytest.fixture
def store(tmp_path):
    return TokenStore(tmp_path / "tokens.json")


def test_a_token_stands_for_its_identity_only(store):
    alice, _ = store.issue("alice")
    bob, _ = store.issue("bob")
    assert store.resolve(alice) == "alice"
    assert store.resolve(bob) == "bob"
    assert store.resolve(alice + "x") is None
    assert store.resolve("") is None


def test_the_file_holds_no_token_and_only_its_owner_reads_it(store, tmp_path):
    token, _ = store.issue("alice", "laptop")
    path = tmp_path / "tokens.json"
    assert token not in path.read_text()
    assert token.removeprefix(tokens.PREFIX) not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_revoked_token_is_worthless_at_once_also_for_other_processes(store, tmp_path):
    other = TokenStore(tmp_path / "tokens.json")
    token, described = store.issue("alice")
    assert other.resolve(token) == "alice"
    store.revoke(described.token_id)
    assert other.resolve(token) is None
    with pytest.raises(Missing):
        store.revoke(described.token_id)


def test_a_token_expires(store, monkeypatch):
    token, described = store.issue("alice", life=60)
    monkeypatch.setattr(tokens.time, "time", lambda: described.expires + 1.0)
    assert store.resolve(token) is None


def test_the_life_of_a_token_has_bounds(store):
    with pytest.raises(BadInput):
        store.issue("alice", life=10**9)


def test_the_list_describes_and_does_not_tell(store):
    token, described = store.issue("alice", "laptop")
    assert store.tokens() == [described]
    assert token not in str(described.to_json())
