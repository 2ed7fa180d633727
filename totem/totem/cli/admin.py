"""``totem admin``: identities, participants, totem and estimator tables."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from totem.cli import table
from totem.cli.amounts import positive
from totem.cli.common import As, AsJson, HomeFolder, consumer, open_home, open_session, when
from totem.cli.group import group
from totem.cli.output import Output
from totem.services.consortium import Consortium
from totem.services.errors import BadInput

__all__ = ["app", "print_identities"]

app = group("The consortium's business: participants, totem, estimator tables.")
app.add_typer(table.app, name="table")

Reason = Annotated[str, typer.Option(help="why; readable by everybody on the ledger")]


@app.command()
def init(
    provider: Annotated[list[str] | None, typer.Option(help="enrol a provider; may be repeated")] = None,
    consumer_: Annotated[list[str] | None, typer.Option("--consumer", help="enrol a consumer; may be repeated")] = None,
    table_approval: Annotated[str, typer.Option(help="who must approve a table: all providers or a majority")] = "all",
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Found a consortium in the home folder: authority, ledger, participants, and the bundled tables agreed on."""
    output = Output(as_json=as_json)
    if table_approval not in ("all", "majority"):
        raise BadInput("--table-approval is all or majority", code="usage")
    folder = open_home(home)
    folder.found(providers=provider or (), consumers=consumer_ or (), table_approval=table_approval)
    output.document({"home": str(folder.root), "identities": folder.identities()})
    output.line(f"a consortium is founded in {folder.root}")
    print_identities(output, folder.identities())


@app.command()
def enrol(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    role: Annotated[str, typer.Option(help="consumer, provider or consortium")],
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Make a certificate for a participant, put it into the wallet and enrol it on the ledger."""
    output = Output(as_json=as_json)
    record = open_home(home).enrol(name, role, by=as_)
    output.document(record)
    output.line(f"{record['participant']} is enrolled as {role}")


@app.command()
def use(name: Annotated[str, typer.Argument(metavar="NAME")], home: HomeFolder = None, as_json: AsJson = False) -> None:
    """Act as this identity from now on."""
    output = Output(as_json=as_json)
    session = open_home(home).use(name)
    output.document({"participant": session.participant, "role": session.role})
    output.line(f"commands now act as {session.participant} ({session.role})")


@app.command()
def identities(home: HomeFolder = None, as_json: AsJson = False) -> None:
    """List the identities of the wallet."""
    output = Output(as_json=as_json)
    found = open_home(home).identities()
    output.document(found)
    print_identities(output, found)


def print_identities(output: Output, found: list[dict[str, Any]]) -> None:
    """Print the identities of a wallet for people."""
    output.table(
        ["name", "participant", "role", "in use"],
        [[item["name"], item["participant"], item["role"], item["in_use"]] for item in found],
    )


@app.command()
def participants(
    role: Annotated[str | None, typer.Option(help="consumer, provider or consortium")] = None,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """List who takes part."""
    output = Output(as_json=as_json)
    found = Consortium(open_session(home, as_)).participants(role)
    output.document(found)
    output.table(
        ["participant", "role", "state", "enrolled", "reason"],
        [[p["participant"], p["role"], p["state"], when(p["enrolled_at"]), p["reason"]] for p in found],
        lesser=["reason", "enrolled"],
        long="reason",
    )


@app.command()
def suspend(
    participant: Annotated[str, typer.Argument(metavar="NAME[@MSP]")],
    reason: Reason,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Suspend a participant: nothing it signs is accepted any more."""
    output = Output(as_json=as_json)
    who = open_home(home).participant(participant)
    output.document(Consortium(open_session(home, as_)).suspend(who, reason))
    output.line(f"{who} is suspended")


@app.command()
def reinstate(
    participant: Annotated[str, typer.Argument(metavar="NAME[@MSP]")],
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Let a suspended participant act again."""
    output = Output(as_json=as_json)
    who = open_home(home).participant(participant)
    output.document(Consortium(open_session(home, as_)).reinstate(who))
    output.line(f"{who} is active")


@app.command()
def issue(
    account: Annotated[str, typer.Argument(metavar="NAME[@MSP]")],
    amount: Annotated[int, typer.Argument(metavar="N", parser=positive)],
    *,
    reason: Reason,
    reference: Annotated[str, typer.Option(help="of an external payment")] = "",
    request: Annotated[str | None, typer.Option(help="the request for totem that this answers")] = None,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Make totem and credit it to an account."""
    output = Output(as_json=as_json)
    folder = open_home(home)
    who = folder.participant(account)
    record = Consortium(folder.session(as_)).issue(who, amount, reason, reference=reference, request_id=request)
    output.document(record)
    output.line(f"{amount:,} totem issued to {who}")


@app.command()
def requests(home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """List requests for totem, newest first."""
    output = Output(as_json=as_json)
    found = Consortium(open_session(home, as_)).requests()
    output.document(found)
    output.table(
        ["request", "account", "amount", "state", "asked", "reason", "answer"],
        [
            [r["request_id"], r["account"], r["amount"], r["state"], when(r["at"]), r["reason"], r["answer"]]
            for r in found
        ],
        lesser=["asked", "answer", "reason"],
        long="reason",
    )


@app.command()
def decline(
    request: Annotated[str, typer.Argument(metavar="REQUEST")],
    reason: Reason,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Decline a request for totem."""
    output = Output(as_json=as_json)
    record = Consortium(open_session(home, as_)).decline(request, reason)
    output.document(record)
    output.line(f"{request} is declined")


@app.command("request-totem")
def request_totem(
    amount: Annotated[int, typer.Argument(metavar="N", parser=positive)],
    reason: Reason,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Ask the consortium for totem."""
    output = Output(as_json=as_json)
    record = consumer(home, as_).request_totem(amount, reason)
    output.document(record)
    output.line(f"{record['request_id']}: {amount:,} totem asked for")


@app.command()
def balance(home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """Show your account."""
    output = Output(as_json=as_json)
    record = consumer(home, as_).balance()
    output.document(record)
    output.fields(record)


@app.command()
def migrate(home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """Bring the ledger's records into the format of the installed contracts, after an upgrade."""
    output = Output(as_json=as_json)
    record = Consortium(open_session(home, as_)).migrate()
    output.document(record)
    output.line(f"the ledger's records are in format {record['version']}; {record['changed']:,} were changed")


@app.command()
def audit(home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """Add up every account: Σ accounts must be Σ issued. Exit status 1 if it is not."""
    output = Output(as_json=as_json)
    record = Consortium(open_session(home, as_)).audit()
    output.document(record)
    output.fields({name: value for name, value in record.items() if name != "accounts"})
    output.table(["account", "totem"], sorted(record["accounts"].items()))
    if not record["balanced"]:
        raise typer.Exit(1)
