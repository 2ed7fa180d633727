"""The registry of transactions: what each is called, what it takes, who may call it.

A contract is a module of handlers; each is declared once::

    @transaction("accounts.transfer", who=EVERYBODY, arguments={"to": PARTICIPANT, ...}, event="accounts.transferred")
    def transfer(ctx: Context, *, to: str, amount: int, reason: str) -> JSON: ...

The dispatcher does the rest (who, schema, ownership) before the handler runs, so that no handler can forget it, and
documentation and the tests of forbidden actions are made from the same declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from totem_chaincode.canonical import JSON

if TYPE_CHECKING:
    from totem_chaincode.arguments import Fields
    from totem_chaincode.context import Context
    from totem_chaincode.errors import ContractError

__all__ = ["EVERYBODY", "REGISTRY", "ROLES", "Handler", "Owns", "Rule", "Transaction", "Who", "by", "transaction"]

ROLES = ("consumer", "provider", "consortium")
"""The three kinds of participant."""


class Handler(Protocol):
    """Reads, checks, then writes; gets the checked arguments and transient fields by name."""

    __name__: str

    def __call__(self, ctx: Context, /, **arguments: object) -> JSON:
        """Run the transaction and return its answer."""


@dataclass(frozen=True, slots=True)
class Owns:
    """The record ``kind`` named by ``argument`` must name the caller in its field ``party``, alone or in a list."""

    kind: str
    argument: str
    party: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A role that may call, and what it must own to."""

    role: str
    owns: Owns | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Who may call a transaction: any one of the rules is enough.

    ``enrolled`` False: the certificate's role counts alone, because nobody is enrolled yet.
    """

    rules: tuple[Rule, ...]
    enrolled: bool = True

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that some rule names, in the order of ROLES."""
        return tuple(role for role in ROLES if any(rule.role == role for rule in self.rules))

    def describe(self) -> str:
        """Return the rules as a short text for documentation."""
        if not self.enrolled:
            return "certificate with role " + " or ".join(self.roles)
        if self == EVERYBODY:
            return "everybody enrolled"
        texts = []
        for rule in self.rules:
            owned = f" (the {rule.owns.kind}'s {rule.owns.party})" if rule.owns else ""
            texts.append(rule.role + owned)
        return ", ".join(texts)


def by(*roles: str, owns: Owns | None = None) -> Who:
    """Return the rule set in which each of ``roles`` may call, all owning the same thing."""
    return Who(tuple(Rule(role, owns) for role in roles))


EVERYBODY = by(*ROLES)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction as declared; ``effect`` is the first paragraph of its handler's docstring.

    ``any_format``: it works on whatever format the ledger's records are in; others are refused where that is not the
    contracts' own.
    """

    name: str
    handler: Callable[..., JSON]
    who: Who
    arguments: Fields
    transient: Fields
    read_only: bool
    event: str | None
    errors: tuple[str, ...]
    effect: str
    any_format: bool


@dataclass
class _Registry:
    transactions: dict[str, Transaction] = field(default_factory=dict)

    def add(self, declared: Transaction) -> None:
        """Add a transaction; names are unique."""
        if declared.name in self.transactions:
            raise ValueError(f"transaction {declared.name!r} is declared twice")
        self.transactions[declared.name] = declared


_registry = _Registry()
REGISTRY: Mapping[str, Transaction] = _registry.transactions
"""Every transaction by name; complete once ``totem_chaincode.contracts`` is imported."""


def transaction(
    name: str,
    *,
    who: Who,
    arguments: Fields | None = None,
    transient: Fields | None = None,
    read_only: bool = False,
    event: str | None = None,
    errors: tuple[type[ContractError] | str, ...] = (),
    any_format: bool = False,
) -> Callable[[Callable[..., JSON]], Callable[..., JSON]]:
    """Declare a handler as a transaction; see the module.

    ``errors`` lists what the handler itself can answer (classes, or the code of a special case); the dispatcher's
    own (invalid arguments, forbidden callers) go without saying.
    """

    def declare(handler: Callable[..., JSON]) -> Callable[..., JSON]:
        paragraph = (handler.__doc__ or "").strip().split("\n\n", maxsplit=1)[0]
        texts = tuple(error if isinstance(error, str) else error.kind for error in errors)
        _registry.add(
            Transaction(
                name=name,
                handler=handler,
                who=who,
                arguments=dict(arguments or {}),
                transient=dict(transient or {}),
                read_only=read_only,
                event=event,
                errors=texts,
                effect=" ".join(paragraph.split()),
                any_format=any_format,
            )
        )
        return handler

    return declare
