"""What ``totem provider publish`` shows before it publishes: everything that the ledger will have, and no less."""

import json
from dataclasses import fields

import pytest
from typer.testing import CliRunner

from totem.cli.main import app
from totem_sdk.statistics import ColumnStatistics

ROWS = 400


def _rows(first, last):
    return "".join(
        f"{number},{number * 1.5},2019-02-{1 + number % 28:02d},name {number},{'' if number % 4 else number},1\n"
        for number in range(first, last)
    )


@pytest.fixture(scope="module")
def totem(home):
    def run(*words, who="north", **options):
        env = {"TOTEM_HOME": str(home.root), "TOTEM_AS": who}
        return CliRunner().invoke(app, [str(word) for word in words], env=env, **options)

    return run


@pytest.fixture
def data(tmp_path):
    """Two files with columns of every kind: numbers, dates, texts, missing values, one to be hidden."""
    head = "cid,bill,day,name,extra,secret\n"
    (tmp_path / "1.csv").write_text(head + _rows(0, 180))
    (tmp_path / "2.csv").write_text(head + _rows(180, ROWS))
    return [tmp_path / "1.csv", tmp_path / "2.csv"]


def paths(value, at=""):
    """Yield the place and value of everything that a document says; names of columns and policies stand as ``*``."""
    if at.removeprefix("statistics.columns.*.") in ("minimum", "maximum", "mean", "words"):
        yield at, next(iter(value.values())) if isinstance(value, dict) else value
    elif isinstance(value, dict):
        for name, item in value.items():
            place = "*" if at == "statistics.columns" else name
            yield from paths(item, f"{at}.{place}" if at else place)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from paths(item, f"{at}[]")
    else:
        yield at, value


def _plain(value):
    return f"{value:,}" if isinstance(value, int) else str(value)


def _policy(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else "–" if value is None else _plain(value)


SHOWN = {
    "dataset_id": _plain,
    "version": lambda _: "version (new)",
    "provider": _plain,
    "provider_msp": _plain,
    "title": _plain,
    "description": _plain,
    "published_at": lambda _: "when it was published",
    "fragments": lambda digests: f"{len(digests)} of ",
    "schema[].name": _plain,
    "schema[].type": _plain,
    "statistics.rows": _plain,
    "statistics.fragments": lambda rows: f"{len(rows)} of {min(rows):,}–{max(rows):,} rows, each with a salted digest",
    "statistics.columns.*.nulls": _plain,
    "statistics.columns.*.distinct": _plain,
    "statistics.columns.*.minimum": str,
    "statistics.columns.*.maximum": str,
    "statistics.columns.*.mean": str,
    "statistics.columns.*.size": _plain,
    "statistics.columns.*.longest": _plain,
    "statistics.columns.*.nans": lambda value: "yes" if value else "no",
    "statistics.columns.*.scale": lambda cells: (
        f"{len(cells)} cells, counts {min(n for _, n in cells):,}–{max(n for _, n in cells):,}"
    ),
    "statistics.columns.*.words": str,
    "statistics.columns.*.vocabulary": _plain,
    "statistics.columns.*.histogram": lambda cells: f"{len(cells)} bins, counts {min(cells):,}–{max(cells):,}",
}
"""Where the ledger has something about a dataset: how the preview shows or names it."""
IMPLIED = {"state", "reason", "current_version"}
"""What follows from publishing: it is published, for no reason, and this version is the current one."""


def test_the_preview_shows_everything_that_is_published(totem, data):
    words = ["--title", "Many bills", "--description", "what they came to", "--hide", "secret", "--max-groups", 7]
    done = totem("provider", "publish", "many", *data, *words, "--yes")
    assert done.exit_code == 0, done.stderr
    preview = done.stdout
    assert "this is what everybody on the ledger will see" in preview
    found = json.loads(totem("dataset", "show", "many", "--json", who="bob").stdout)

    assert found["policy"]["max_groups"] == 7
    assert {f.name for f in fields(ColumnStatistics)} == {
        path.rsplit(".", 1)[1] for path in SHOWN if path.startswith("statistics.columns")
    }
    seen = set()
    for path, value in paths(found):
        if path in IMPLIED:
            continue
        if path.startswith("policy."):
            rows = [line.split(maxsplit=1) for line in preview.splitlines()]
            (shown,) = (row[1] for row in rows if row[:1] == [path.removeprefix("policy.")])
            assert shown.startswith(_policy(value))
            continue
        assert path in SHOWN, f"the preview does not show {path}"
        seen.add(path)
        assert SHOWN[path](value) in preview, path
    assert seen == set(SHOWN), "the data of this test have no such thing"

    for name, column in found["statistics"]["columns"].items():
        cells = " ".join(line.split(maxsplit=1)[1] for line in preview.splitlines() if line.split()[:1] == [name])
        for path, value in paths({"statistics": {"columns": {name: column}}}):
            assert SHOWN[path](value) in cells, (name, path)


def test_what_consumers_see_has_the_same_parts(totem, data):
    assert totem("provider", "publish", "same", *data, "--yes").exit_code == 0
    shown = totem("dataset", "show", "same", who="bob").stdout
    for text in ("20 bins, counts ", "longest", "bytes", "2 of 180–220 rows, each with a salted digest"):
        assert text in shown
    assert "published" in shown


def test_there_are_no_lines_without_anything(totem, data):
    done = totem("provider", "publish", "plain", *data, "--yes")
    fields_shown = done.stdout.split("\n\n")[0].splitlines()[1:]
    assert "description" not in done.stdout
    assert all(len(line.split(maxsplit=1)) == 2 for line in fields_shown), fields_shown
    assert "description" not in totem("dataset", "show", "plain", who="bob").stdout


def test_a_dry_run_shows_it_in_full_and_publishes_nothing(home, totem, data):
    height = home.explorer().height()
    words = ["provider", "publish", "dry", *data, "--title", "Dry"]
    done = totem(*words, "--dry-run", "--json")
    assert done.exit_code == 0, done.stderr
    planned = json.loads(done.stdout)
    assert "salted digest" in totem(*words, "--dry-run").stdout
    assert home.explorer().height() == height
    assert totem("dataset", "show", "dry").exit_code == 2

    assert totem(*words, "--yes").exit_code == 0
    found = json.loads(totem("dataset", "show", "dry", "--json").stdout)
    assert len(planned["fragments"]) == 2  # under a salt that nobody has kept
    known = {"dataset_id", "provider", "title", "description", "schema", "statistics", "policy"}
    assert {name: planned[name] for name in known} == {name: found[name] for name in known}
    assert set(planned) == known | {"fragments"}


def test_a_name_that_is_taken_is_refused_before_anything_is_read_or_shown(totem):
    for words in (["bills"], ["bills", "--dry-run"]):
        done = totem("provider", "publish", words[0], "no/such/file.csv", *words[1:], "--yes")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "the dataset name bills is taken" in done.stderr
        assert "--revise" in done.stderr
    done = totem("provider", "publish", "nosuch", "no/such/file.csv", "--revise", "--yes")
    assert (done.exit_code, "there is no dataset nosuch to revise" in done.stderr) == (2, True)
    done = totem("provider", "publish", "bills", "no/such/file.csv", "--revise", "--yes", who="south")
    assert (done.exit_code, "north@NorthMSP" in done.stderr) == (2, True)
