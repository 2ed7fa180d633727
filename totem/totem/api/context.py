"""What a request handler works with: the caller, found by the bearer token, and the ledger's explorer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from totem.services.consumer import Consumer
from totem.services.errors import BadInput, NotAllowed, Unauthorised
from totem.services.explorer import Explorer
from totem.services.session import Session
from totem.services.tokens import TokenStore

__all__ = ["ApiContext", "Bookmark", "Caller", "CallerExplorer", "Limit", "only_known_parameters", "request_key"]

_bearer = HTTPBearer(auto_error=False, description="a token of `totem api token`, bound to one identity")

Limit = Annotated[int, Query(ge=1, le=100, description="how many at most")]
Bookmark = Annotated[
    str, Query(max_length=2_048, pattern=r"^[A-Za-z0-9_=-]*$", description="where the page before ended")
]


@dataclass(frozen=True)
class ApiContext:
    """What the application is made of; ``open_session`` opens the session of an identity of this server's wallet."""

    tokens: TokenStore
    open_session: Callable[[str], Session]
    explore: Callable[[], Explorer]


def _context(request: Request) -> ApiContext:
    context: Any = request.app.state.context
    if not isinstance(context, ApiContext):
        raise TypeError("the application has no ApiContext")
    return context


def _identity(
    context: Annotated[ApiContext, Depends(_context)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    if credentials is None:
        raise Unauthorised(
            "the request has no bearer token", hint="send the header Authorization: Bearer TOKEN (`totem api token`)"
        )
    identity = context.tokens.resolve(credentials.credentials)
    if identity is None:
        raise Unauthorised("the bearer token is unknown, revoked or has expired", hint="`totem api token` makes one")
    return identity


def _consumer(
    context: Annotated[ApiContext, Depends(_context)], identity: Annotated[str, Depends(_identity)]
) -> Consumer:
    session = context.open_session(identity)
    if session.role != "consumer":
        raise NotAllowed(f"the API is for consumers; {session.participant} is a {session.role}")
    return Consumer(session)


def _explorer(
    context: Annotated[ApiContext, Depends(_context)], identity: Annotated[str, Depends(_identity)]
) -> Explorer:
    # Blocks are read without a contract, which would otherwise say who may.
    context.open_session(identity).query("participants.get")
    return context.explore()


def only_known_parameters(request: Request, identity: Annotated[str, Depends(_identity)]) -> None:
    """Refuse query parameters that an operation does not have: ignored, they would seem to have had their effect.

    Raises:
        BadInput: there is one.
    """
    del identity  # who is nobody is told so first
    operation = request.app.openapi()["paths"][request.scope["route"].path][request.method.lower()]
    known = [item["name"] for item in operation.get("parameters", ()) if item["in"] == "query"]
    if not set(request.query_params) <= set(known):
        there = f"only {', '.join(known)}" if known else "none"
        raise BadInput(f"query: a parameter that is not known here (there is {there})", code="invalid_request")


Caller = Annotated[Consumer, Depends(_consumer)]
CallerExplorer = Annotated[Explorer, Depends(_explorer)]


def request_key(idempotency_key: str | None) -> str | None:
    """Return the ledger's request key for an Idempotency-Key: a hash, since the key's form is the caller's choice."""
    return None if idempotency_key is None else hashlib.sha256(idempotency_key.encode()).hexdigest()[:40]
