"""``totem dataset``: the catalogue."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from totem.cli.common import As, AsJson, HomeFolder, consumer, when
from totem.cli.group import group
from totem.cli.output import Output

__all__ = ["app", "print_dataset"]

app = group("Look at the datasets that providers have published.")


@app.command("list")
def list_(
    provider: Annotated[str | None, typer.Option(help="only this provider's (name@msp)")] = None,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """List the catalogue."""
    output = Output(as_json=as_json)
    found = consumer(home, as_).datasets(provider)
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
    """Print a dataset's metadata for people."""
    statistics = found["statistics"]
    output.fields(
        {
            "dataset": f"{found['dataset_id']} version {found['version']}",
            "title": found["title"],
            "description": found.get("description", ""),
            "provider": found.get("provider", ""),
            "rows": statistics["rows"],
            "fragments": len(statistics["fragments"]),
        }
    )
    hidden = found["policy"].get("hidden_columns") or []
    output.line()
    output.table(
        ["column", "type", "nulls", "distinct", "minimum", "maximum", "mean"],
        [_column(column, statistics["columns"].get(column["name"], {}), hidden) for column in found["schema"]],
        lesser=["mean", "distinct", "nulls", "minimum", "maximum"],
    )
    output.line()
    output.table(["policy", ""], [[name, _policy(name, value)] for name, value in sorted(found["policy"].items())])


def _column(column: dict[str, str], statistics: dict[str, Any], hidden: list[str]) -> list[object]:
    name = column["name"]
    if name in hidden:
        return [name, f"{column['type']} (hidden)", None, None, None, None, None]
    limits = [_limit(statistics.get(key)) for key in ("minimum", "maximum", "mean")]
    return [name, column["type"], statistics.get("nulls"), statistics.get("distinct"), *limits]


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
