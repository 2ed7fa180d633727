"""``totem admin``: identities, participants, totem and estimator tables."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import typer

from totem.cli import ca, table
from totem.cli.amounts import positive
from totem.cli.common import As, AsJson, HomeFolder, LedgerKind, consumer, naming_who_may, open_home, open_session, when
from totem.cli.group import group
from totem.cli.output import Output
from totem.near import meant
from totem.services.consortium import Consortium
from totem.services.errors import BadInput
from totem.services.home import Home

__all__ = ["app", "print_identities"]

app = group("The consortium's business: participants, totem, estimator tables.")
app.add_typer(table.app, name="table")
app.add_typer(ca.app, name="ca")

Reason = Annotated[str, typer.Option(help="why; readable by everybody on the ledger")]


@app.command()
def init(
    *,
    provider: Annotated[
        list[str] | None, typer.Option(metavar="NAME[@MSP]", help="enrol a provider; may be repeated")
    ] = None,
    consumer_: Annotated[
        list[str] | None, typer.Option("--consumer", metavar="NAME[@MSP]", help="enrol a consumer; may be repeated")
    ] = None,
    table_approval: Annotated[str, typer.Option(help="who must approve a table: all providers or a majority")] = "all",
    ledger: Annotated[
        LedgerKind, typer.Option(help="fabric: found it on the network that this folder has joined (`admin join`)")
    ] = LedgerKind.embedded,
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Found a consortium: ledger, participants, and the bundled tables agreed on by its providers."""
    output = Output(as_json=as_json)
    if table_approval not in ("all", "majority"):
        raise BadInput("--table-approval is all or majority", code="usage")
    folder = open_home(home)
    elsewhere: list[str] = []
    if ledger is LedgerKind.fabric:
        elsewhere = _found_on_fabric(folder, as_, provider or [], consumer_ or [], table_approval)
    else:
        folder.found(providers=provider or (), consumers=consumer_ or (), table_approval=table_approval)
    found = _with_standing(folder) if folder.is_on_fabric else folder.identities()
    output.document({"home": str(folder.root), "identities": found})
    output.line(f"a consortium is founded {'on Fabric, from' if folder.is_on_fabric else 'in'} {folder.root}")
    if folder.is_on_fabric:
        _print_standing(output, found)
    else:
        print_identities(output, found)
    for name in elsewhere:
        output.note(f"{name} is enrolled; its certificate must come from its own organisation's CA")


def _found_on_fabric(
    folder: Home, as_: str | None, providers: list[str], consumers: list[str], table_approval: str
) -> list[str]:
    from totem.services.founding import found_here  # noqa: PLC0415  # brings Fabric's messages

    if not folder.is_on_fabric:
        raise BadInput(
            f"{folder.root} has joined no Fabric network yet",
            code="not-joined",
            hint="`totem admin join --profile FILE --msp-folder DIR` first",
        )
    if not any(item["role"] == "consortium" for item in folder.identities()):
        raise BadInput(
            "this folder has no identity with role=consortium, which founds it",
            code="no-founder",
            hint="have a CA certify one (fabric-ca: --id.attrs role=consortium:ecert), then `totem admin join` with it",
        )
    by = as_ or folder.current()
    return found_here(folder, by=by, providers=providers, consumers=consumers, table_approval=table_approval)


@app.command()
def join(
    profile: Annotated[Path, typer.Option(metavar="FILE", help="connection profile (docs/fabric.md)")],
    *,
    msp_id: Annotated[str | None, typer.Option(help="the organisation (default: of the profile's first peer)")] = None,
    msp_folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="an identity: a folder with signcerts/ and keystore/")
    ] = None,
    name: Annotated[str | None, typer.Option(help="what that identity is called here (default: its name)")] = None,
    wallet: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="identities: a folder of NAME.id files; repeatable")
    ] = None,
    ca_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the organisation's CA, to certify newcomers here (PEM)")
    ] = None,
    ca_key: Annotated[Path | None, typer.Option(metavar="FILE", help="and its key (PEM)")] = None,
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make this folder a place on an existing Fabric network, or add identities and organisations to it."""
    from totem.services.fabric_home import Joining, describe  # noqa: PLC0415  # brings Fabric's messages
    from totem.services.fabric_home import join as join_network  # noqa: PLC0415  # as above

    output = Output(as_json=as_json)
    if (ca_cert is None) != (ca_key is None):
        raise BadInput("--ca-cert and --ca-key belong together", code="usage")
    folder = open_home(home)
    joined = join_network(folder, Joining(profile, msp_id, msp_folder, name, wallet or (), ca_cert, ca_key))
    found = describe(folder, joined)
    output.document({"home": str(folder.root), "identities": found})
    output.line(f"{folder.root} is a place on the Fabric network of {profile}")
    _print_standing(output, found, not_taken_in=joined.refused)
    for item in found:
        if item["state"] == "not enrolled":
            enrol_it = f"`totem admin enrol {item['participant']} --role {item['role']}`"
            output.note(f"a member of the consortium enrols {item['name']}: {enrol_it}")
            if item["role"] == "consortium":
                output.note("or it founds the consortium: `totem admin init --ledger fabric`")


def _with_standing(folder: Home) -> list[dict[str, Any]]:
    from totem.services.fabric_home import Joined, describe  # noqa: PLC0415  # brings Fabric's messages

    return describe(folder, Joined([item["name"] for item in folder.identities()], {}))


def _print_standing(output: Output, found: list[dict[str, Any]], not_taken_in: Collection[str] = ()) -> None:
    """Print identities with what they are on the ledger, and why some are not what they should be."""
    output.table(
        ["name", "participant", "role", "on the ledger"],
        [[item["name"], item["participant"], item["role"], item["state"]] for item in found],
    )
    for item in found:
        if item["reason"]:
            refused = "is refused" if item["state"].startswith("refused") else item["state"]
            what = "is not taken in" if item["name"] in not_taken_in else refused
            output.note(f"{item['name']} {what}: {item['reason']}", style="yellow")


@app.command()
def enrol(
    name: Annotated[str, typer.Argument(metavar="NAME[@MSP]")],
    role: Annotated[str, typer.Option(help="consumer, provider or consortium")],
    home: HomeFolder = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a participant on the ledger and make its certificate, where its organisation's CA is here.

    Without MSP its organisation is made from its name; on Fabric it is the organisation of who enrols.
    """
    output = Output(as_json=as_json)
    folder = open_home(home)
    label, _, msp_id = name.partition("@")
    known = folder.directory(as_).organisations() if msp_id and not folder.is_on_fabric else {msp_id}
    with naming_who_may(folder, "consortium"):
        record = folder.enrol(label, role, msp_id or None, by=as_)
    has_certificate = folder.holds(record["participant"])
    output.document({**record, "certificate": has_certificate})
    output.line(f"{record['participant']} is enrolled as {role}, for good: its certificate must say role={role} too")
    if msp_id not in known:  # which may be meant: here everybody may have an organisation of their own
        output.note(
            "; ".join(filter(None, (f"{msp_id} is an organisation that was not here yet", meant(msp_id, known))))
        )
    if not has_certificate:
        output.note(
            f"its certificate must come from the CA of {record['msp_id']}, with the attribute role={role}"
            f" (fabric-ca: --id.attrs role={role}:ecert); `totem admin join` takes it in where it is used"
        )


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
    folder = open_home(home)
    who = folder.participant(participant, by=as_)
    with naming_who_may(folder, "consortium"):
        record = Consortium(folder.session(as_)).suspend(who, reason)
    output.document(record)
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
    folder = open_home(home)
    who = folder.participant(participant, by=as_)
    with naming_who_may(folder, "consortium"):
        record = Consortium(folder.session(as_)).reinstate(who)
    output.document(record)
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
    who = folder.participant(account, by=as_)
    with naming_who_may(folder, "consortium"):
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
    folder = open_home(home)
    with naming_who_may(folder, "consortium"):
        record = Consortium(folder.session(as_)).decline(request, reason)
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
    folder = open_home(home)
    with naming_who_may(folder, "consortium"):
        record = Consortium(folder.session(as_)).migrate()
    output.document(record)
    output.line(f"the ledger's records are in format {record['version']}; {record['changed']:,} were changed")


@app.command()
def audit(home: HomeFolder = None, as_: As = None, as_json: AsJson = False) -> None:
    """Add up every account: Σ accounts must be Σ issued. Exit status 1 if it is not."""
    output = Output(as_json=as_json)
    folder = open_home(home)
    with naming_who_may(folder, "consortium"):
        record = Consortium(folder.session(as_)).audit()
    output.document(record)
    output.fields({name: value for name, value in record.items() if name != "accounts"})
    output.table(["account", "totem"], sorted(record["accounts"].items()))
    if not record["balanced"]:
        raise typer.Exit(1)
