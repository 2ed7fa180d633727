"""Cell values, results, keys and tokens planted in a real story: where they are afterwards, and where not.

Searched are all files of the network (blocks, state, history, private data, transient stores, write-ahead logs, what
nodes logged; databases and packages are unpacked), of the server with its jobs' folders, and everything that was said
to anybody.
"""

import pytest

from tests.network.leak_jobs import GROUP, ROWS, SHARE
from tests.network.leak_story import Told
from tests.network.planted import Search

pytestmark = [pytest.mark.fabric, pytest.mark.slow]

SEARCHED = {
    *("chains", "stateLeveldb", "historyLeveldb", "pvtdataStore", "transientstore", "wal"),
    *("externalbuilder", "packages", "wallet", "providers", "jobs", "logs", "tokens.json", "trouble.txt", "home.log"),
    *(f"{kind}.{name}" for kind in ("peer", "totem") for name in ("north", "south", "east", "researcher")),
}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    made = Told(tmp_path_factory.mktemp("leaks"))
    try:
        made.tell()
        yield made
    finally:
        made.dev.stop()


@pytest.fixture(scope="module")
def search(story):
    return Search({name: planted.secret for name, planted in story.planted.items()})


@pytest.fixture(scope="module")
def found(story, search):
    """In which files each secret is, by their paths in the home folder, or their names where they are elsewhere."""
    files = [path for path in story.folder.rglob("*") if path.is_file()]
    parts = {part for path in files for part in path.parts}
    assert parts >= SEARCHED, SEARCHED - parts
    places = {
        name: {str(path.relative_to(story.home)) if story.home in path.parents else path.name for path in paths}
        for name, paths in search.files(files).items()
    }
    return {name: places.get(name, set()) for name in story.planted}


def test_nothing_that_was_planted_is_where_it_should_not_be(story, found):
    leaks = {(name, place) for name, places in found.items() for place in places}
    assert {(name, place) for name, place in leaks if not story.planted[name].may_be_at(place)} == set()


def test_the_search_finds_what_is_there(story, found):
    """Everything is found in the collections and files that are there to keep it, and with some who endorsed it."""
    for name, planted in story.planted.items():
        if not planted.is_purged:
            assert {planted.collection_of(place) for place in found[name]} - {""} == planted.peers, name
        for pattern in planted.files:
            alone = type(planted)(planted.secret, files=(pattern,))
            assert any(map(alone.may_be_at, found[name])), (name, pattern)
        assert bool(planted.seen) == any("/transientstore/" in place for place in found[name]), name


def test_nothing_that_was_planted_was_said_to_anybody(story, search):
    assert len({who for who, _ in story.said}) == 5
    assert len(story.dev.told) > 15
    assert [(who, found) for who, text in story.said if (found := search.text(text))] == []
    assert [found for text in story.dev.told if (found := search.text(text))] == []


def test_a_purged_result_is_not_read_even_by_its_own_organisations_chaincode(story):
    """In files of LevelDB it is still; docs/sealed-results.md says until when."""
    assert story.raw["purged"] == {"value": None, "hash": None}
    value = story.raw["counted"]["value"]
    assert f'["{GROUP}",{ROWS * SHARE["counted"]}]' in value
    assert story.raw["counted"]["hash"]
