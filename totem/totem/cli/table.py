"""``totem admin table``: estimator tables, what an operation costs."""

from __future__ import annotations

from typing import Annotated

import typer

from totem.cli.common import As, AsJson, HomeFolder, naming_who_may, open_home, open_session
from totem.cli.group import group
from totem.cli.output import Output
from totem.services.consortium import Consortium
from totem.services.inputs import read_table

__all__ = ["app"]

app = group("Estimator tables: what an operation costs.")

TableName = Annotated[str, typer.Argument(metavar="TABLE", help="its name or id")]


@app.command("list")
def list_tables(home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """List the tables on the ledger."""
    output = Output(as_json=as_json)
    found = Consortium(open_session(home, as_)).tables()
    output.document(found)
    output.table(
        ["name", "state", "default", "proposed by", "table id"],
        [[t["name"], t["state"], t["default"], t["proposed_by"], t["table_id"]] for t in found],
        lesser=["proposed by", "default"],
    )


@app.command("show")
def show_table(
    table: Annotated[str | None, typer.Argument(metavar="TABLE", help="its name or id (default: the default)")] = None,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Show a table's weights and who has approved it."""
    output = Output(as_json=as_json)
    record = Consortium(open_session(home, as_)).table(table)
    output.document(record)
    output.fields(
        {
            "table": record["name"],
            "id": record["table_id"],
            "state": record["state"],
            "reads": record["document"]["read"],
            "approved by": record["approved_by"],
            "missing": record["missing"],
        }
    )
    output.table(["opcode", "weight"], sorted(record["document"]["weights"].items()))
    output.table(["type", "bytes"], sorted(record["document"]["bytes"].items()))


@app.command("propose")
def propose_table(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="a bundled name or a JSON file")],
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Propose a table: its hash becomes its id."""
    output = Output(as_json=as_json)
    document = read_table(table).to_json()
    folder = open_home(home)
    with naming_who_may(folder, "consortium"):
        record = Consortium(folder.session(as_)).propose_table(document)
    output.document(record)
    output.line(f"{record['table_id']} is {record['state']}")


@app.command("approve")
def approve_table(table: TableName, home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """Approve a proposed table, as a provider."""
    output = Output(as_json=as_json)
    record = Consortium(open_session(home, as_)).approve_table(table)
    output.document(record)
    output.line(f"{record['table_id']}: approved by {record['approved_by']}")


@app.command("activate")
def activate_table(
    table: TableName,
    default: Annotated[bool, typer.Option(help="new jobs get it where they name none")] = True,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Activate a table that enough providers have approved."""
    output = Output(as_json=as_json)
    folder = open_home(home)
    with naming_who_may(folder, "consortium"):
        record = Consortium(folder.session(as_)).activate_table(table, default=default)
    output.document(record)
    output.line(f"{record['table_id']} is active")


@app.command("retire")
def retire_table(table: TableName, home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """Retire an active table that is not the default."""
    output = Output(as_json=as_json)
    folder = open_home(home)
    with naming_who_may(folder, "consortium"):
        record = Consortium(folder.session(as_)).retire_table(table)
    output.document(record)
    output.line(f"{record['table_id']} is retired")
