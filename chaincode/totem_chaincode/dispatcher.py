"""The chaincode: one entry point that finds the transaction, checks the caller and the arguments, runs the handler.

The order is fixed: whether the contracts understand the state, who may call at all, then what is given, then whether
the caller owns what it names, then the handler. A caller without the role learns nothing about arguments or state.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical, contracts
from totem_chaincode.arguments import Document, Field, ListOf, Optional, Record, check_fields
from totem_chaincode.context import Caller, Context
from totem_chaincode.errors import Forbidden, Invalid, NotFound
from totem_chaincode.formats import FORMATS, Formats
from totem_chaincode.registry import REGISTRY, Transaction
from totem_chaincode.sdk_evaluator import SdkEvaluator
from totem_chaincode.state import State
from totem_sdk.errors import InternalError

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.evaluation import Evaluator
    from totem_chaincode.stub import Creator, Stub

__all__ = ["MAX_ARGUMENTS", "Chaincode", "participant_id"]

MAX_ARGUMENTS = 4 << 20
"""Bytes of canonical JSON that the arguments of one transaction may have together."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def participant_id(creator: Creator) -> str:
    """Return ``name@msp`` of a certificate's holder.

    Raises:
        Forbidden: common name or MSP id are not of the form that participants have.
    """
    if not _NAME.fullmatch(creator.common_name) or not _NAME.fullmatch(creator.msp_id):
        raise Forbidden(
            "the certificate's common name and MSP id must be 1 to 64 letters, digits, '.', '_' or '-'",
            code="bad_certificate",
        )
    return f"{creator.common_name}@{creator.msp_id}"


class Chaincode:
    """All contracts behind one ``invoke``; holds nothing between transactions.

    ``evaluator`` is what compiles and prices: the SDK's, unless a test gives another one. ``formats`` are those of the
    records: a test may have others, to see one become the other.
    """

    contracts = contracts

    def __init__(self, evaluator: Evaluator | None = None, formats: Formats = FORMATS) -> None:
        self._evaluator = evaluator or SdkEvaluator()
        self._formats = formats

    def invoke(self, stub: Stub, function: str, args: Mapping[str, Any]) -> JSON:
        """Run one transaction and return its answer.

        Raises:
            ContractError: the transaction is not accepted; it changes nothing.
        """
        declared = REGISTRY.get(function)
        if declared is None:
            raise NotFound(f"there is no transaction {function[:80]!r}", code="unknown_transaction")
        state = State(stub, read_only=declared.read_only)
        if not declared.any_format:
            self._formats.check(state)
        caller = _identify(stub.creator, declared, state)
        given = _check_given(declared, args, stub.transient)
        _check_ownership(declared, caller, state, given)
        context = Context(stub, state, caller, self._evaluator, declared, formats=self._formats)
        answer = declared.handler(context, **given)
        if problem := canonical.find_float(answer):
            raise InternalError(f"{function}: the answer is not canonical JSON: {problem}")
        return answer


def _identify(creator: Creator, declared: Transaction, state: State) -> Caller:
    """Return the caller: certificate, enrolment and role must agree, and the role must be one that may call."""
    caller_id = participant_id(creator)
    role = creator.attributes.get("role", "")
    if declared.who.enrolled:
        enrolled = state.get("participant", caller_id)
        if enrolled is None:
            raise Forbidden(
                f"{caller_id} is not enrolled: ask the consortium to enrol this identity", code="not_enrolled"
            )
        if enrolled["state"] != "active":
            raise Forbidden(f"{caller_id} is suspended: {enrolled['reason']}", code="suspended")
        if enrolled["role"] != role:
            raise Forbidden(
                f"{caller_id} is enrolled as {enrolled['role']}, but its certificate says {role or 'no role'!r}",
                code="role_mismatch",
            )
    if role not in declared.who.roles:
        allowed = " or ".join(declared.who.roles)
        raise Forbidden(f"{declared.name} is for a {allowed}; {caller_id} is a {role or 'holder of no role'}")
    return Caller(caller_id, creator.msp_id, role, creator.fingerprint, creator.public_key.hex() or None)


def _check_given(declared: Transaction, args: Mapping[str, Any], transient: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the checked arguments and transient fields by name."""
    if not isinstance(args, Mapping):
        raise Invalid("arguments: expected an object")
    try:
        size = len(canonical.encode(dict(args)))
    except canonical.NotCanonical as error:
        raise Invalid(f"arguments: {error}") from None
    if size > MAX_ARGUMENTS:
        raise Invalid(f"arguments: at most {MAX_ARGUMENTS} bytes are expected, got {size}")
    given = check_fields(declared.arguments, args, "arguments")
    decoded = {name: _read_transient(declared.transient.get(name), name, value) for name, value in transient.items()}
    given.update(check_fields(declared.transient, decoded, "transient"))
    return given


def _read_transient(field: Field | None, name: str, value: bytes) -> Any:
    """Return a transient value as JSON where the field is JSON, else as text. No error shows the value."""
    inner = field.field if isinstance(field, Optional) else field
    try:
        return canonical.decode(value) if isinstance(inner, Document | ListOf | Record) else value.decode()
    except canonical.NotCanonical:
        raise Invalid(f"transient.{name}: not JSON without floats") from None
    except UnicodeDecodeError:
        raise Invalid(f"transient.{name}: not UTF-8") from None


def _check_ownership(declared: Transaction, caller: Caller, state: State, given: Mapping[str, Any]) -> None:
    """Check that some rule for the caller's role holds, reading the records that the rules name."""
    rules = [rule for rule in declared.who.rules if rule.role == caller.role]
    if any(rule.owns is None for rule in rules):
        return
    for rule in rules:
        if rule.owns is not None:
            # A record of another kind than the rule is about (a joint job, a part of one) has no such party.
            party = state.need(rule.owns.kind, given[rule.owns.argument]).get(rule.owns.party)
            if caller.id in (party if isinstance(party, list) else [party]):
                return
    owned = rules[0].owns
    if owned is None:
        raise InternalError(f"{declared.name}: no rule for {caller.role}")
    raise Forbidden(
        f"{declared.name} is for the {owned.kind}'s {owned.party}: {caller.id} is not the one of"
        f" {given[owned.argument]}"
    )
