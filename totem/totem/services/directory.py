"""Who is enrolled, found by the names that people type; nobody is answered with who may have been meant."""

from __future__ import annotations

from collections.abc import Mapping

from totem.near import meant
from totem.services.errors import BadInput
from totem.services.session import Session

__all__ = ["Directory"]


class Directory:
    """The participants on the ledger; ``own`` are those of a wallet by the names that they have there."""

    def __init__(self, session: Session, own: Mapping[str, str]) -> None:
        records = session.pages("participants.list", "participants")
        self._roles = {str(record["participant"]): str(record["role"]) for record in records}
        self._own = own

    def organisations(self) -> set[str]:
        """Return the MSP ids of all participants."""
        return {participant.partition("@")[2] for participant in self._roles}

    def find(self, name: str, role: str | None = None) -> str:
        """Return the participant (``name@msp``) whom a name stands for: ``name@msp`` itself, or a bare name.

        A bare name is the wallet's first. With ``role`` only participants who have it are looked for.

        Raises:
            BadInput: nobody is called so (code ``unknown-participant``), several are (``ambiguous-participant``), or
                whoever is has another role (``wrong-role``).
        """
        own = self._own.get(name)  # which may be called something else on the ledger
        called = [
            participant
            for participant in self._roles
            if participant == own or name in (participant, participant.partition("@")[0])
        ]
        found = [participant for participant in called if role in (None, self._roles[participant])]
        if own in found or len(found) == 1:
            return own if own is not None and own in found else found[0]
        if found:
            raise BadInput(
                f"several {role or 'participant'}s are called {name!r}: {', '.join(found)}",
                code="ambiguous-participant",
                hint="say which one: NAME@MSP",
            )
        if called:
            roles = ", ".join(f"{participant} is a {self._roles[participant]}" for participant in called)
            raise BadInput(f"{roles}, not a {role}", code="wrong-role", hint=self._who(role))
        raise BadInput(
            f"no {role or 'participant'} is called {name!r}", code="unknown-participant", hint=self._advice(name, role)
        )

    def _advice(self, name: str, role: str | None) -> str:
        """Say who may have been meant, who there is, or how somebody new gets there."""
        ids = [participant for participant, has in self._roles.items() if role in (None, has)]
        question = meant(name, ids if "@" in name else {participant.partition("@")[0] for participant in ids})
        new = "" if role else f", `totem admin enrol {name} --role ROLE` adds somebody new"
        return f"{question} {self._who(role)}{new}".lstrip()

    def _who(self, role: str | None) -> str:
        flag = f" --role {role}" if role else ""
        return f"`totem admin participants{flag}` lists them"
