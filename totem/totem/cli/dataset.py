"""``totem dataset``: the catalogue."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from totem.cli.common import As, AsJson, HomeFolder, consumer, open_home, when
from totem.cli.group import group
from totem.cli.output import Output
from totem.cli.output import show as show_value
from totem.services.consumer import Consumer

__all__ = ["app", "print_dataset"]

app = group("Look at the datasets that providers have published.")


@app.command("list")
def list_(
    provider: Annotated[str | None, typer.Option(metavar="NAME[@MSP]", help="only this provider's")] = None,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """List the catalogue."""
    output = Output(as_json=as_json)
    folder = open_home(home)
    named = None if provider is None else folder.participant(provider, by=as_, role="provider")
    found = Consumer(folder.session(as_)).datasets(named)
    output.document(found)
    output.table(
        ["dataset", "version", "provider", "state", "published", "title"],
        [
            [f["dataset_id"], f["version"], f["provider"], f["state"], when(f["published_at"]), f["title"]]
            for f in found
        ],
        lesser=["published", "version", "title"],
        long="title",
        none="none; a provider publishes one: `totem provider publish DATASET DATA`",
    )


@app.command()
def show(
    dataset: Annotated[str, typer.Argument(metavar="DATASET")],
    version: Annotated[int | None, typer.Option(min=1, help="an earlier version")] = None,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Show a dataset's schema, statistics and policy: everything there is to know without access."""
    output = Output(as_json=as_json)
    found = consumer(home, as_).dataset(dataset, version)
    output.document(found)
    if not as_json:
        print_dataset(output, found)


def print_dataset(output: Output, found: dict[str, Any]) -> None:
    """Print a dataset's metadata for people: everything there is, long lists by their size and range.

    ``found`` may also be what is not published yet: it has no time then.
    """
    statistics = found["statistics"]
    fields = {
        "dataset": f"{found['dataset_id']} version {found['version']}",
        "title": found["title"],
        "description": found["description"],
        "provider": found["provider"],
        "published": when(found["published_at"]) if "published_at" in found else "",
        "withdrawn": found.get("reason", ""),
        "rows": show_value(statistics["rows"]),
        "fragments": f"{_fragments(statistics['fragments'])}, each with a salted digest",
    }
    output.fields({name: text for name, text in fields.items() if text})
    hidden = found["policy"].get("hidden_columns") or []
    published = statistics["columns"]
    output.line()
    output.table(
        ["column", "type", "nulls", "distinct", "minimum", "maximum", "mean"],
        [_column(column, published.get(column["name"], {}), hidden) for column in found["schema"]],
        lesser=["mean", "distinct", "nulls", "minimum", "maximum"],
    )
    # A table of its own: beside the other columns a terminal would have no room for these.
    further = [_further(column["name"], published.get(column["name"], {})) for column in found["schema"]]
    rows = [row for row in further if any(cell is not None for cell in row[1:])]
    if rows:
        output.line()
        columns = ["column", "histogram", "scale", "NaN", "bytes", "longest", "words", "vocabulary"]
        output.table(columns, rows, lesser=["scale", "vocabulary", "words"])
    output.line()
    output.table(["policy", ""], [[name, _policy(name, value)] for name, value in sorted(found["policy"].items())])


def _column(column: dict[str, str], statistics: dict[str, Any], hidden: list[str]) -> list[object]:
    name = column["name"]
    if name in hidden:
        return [name, f"{column['type']} (hidden)", None, None, None, None, None]
    limits = [_limit(statistics.get(key)) for key in ("minimum", "maximum", "mean")]
    return [name, column["type"], statistics.get("nulls"), statistics.get("distinct"), *limits]


def _further(name: str, statistics: dict[str, Any]) -> list[object]:
    """Return what is published of a column besides: how values spread, whether one is NaN, how long texts are."""
    cells = statistics.get("histogram")
    spread = f"{len(cells)} bins, counts {_range(cells)}" if cells else None
    scale = [count for _, count in statistics.get("scale", ())]
    return [
        name,
        spread,
        f"{len(scale)} cells, counts {_range(scale)}" if scale else None,
        *(statistics.get(key) for key in ("nans", "size", "longest")),
        _limit(statistics.get("words")),
        statistics.get("vocabulary"),
    ]


def _fragments(rows: list[int]) -> str:
    return f"{len(rows)} of {_range(rows)} rows"


def _range(counts: list[int]) -> str:
    least, most = min(counts), max(counts)
    return show_value(least) if least == most else f"{show_value(least)}–{show_value(most)}"


def _policy(name: str, value: object) -> object:
    """Return a policy field's value; of a time also how many days that is."""
    if name.endswith("_seconds") and isinstance(value, int):
        return f"{value:,} ({value / 86_400:g} days)"
    return value


def _limit(value: Any) -> object:
    """Return a minimum, maximum or mean as text: ``{"float": "0.5"}`` and the like hold one text."""
    if isinstance(value, dict):
        return next(iter(value.values()))
    return None if value is None else str(value)
