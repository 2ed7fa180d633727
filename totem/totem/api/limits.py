"""Limits on requests: how large a body may be, checked while it is read and not only by its announced length."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from totem.api.problems import problem_response

__all__ = ["MAX_BODY_BYTES", "BodyLimit"]

MAX_BODY_BYTES = 2 << 20


class _TooLarge(Exception):
    """The body is longer than the limit."""


class BodyLimit:
    """ASGI middleware that answers 413 to bodies of more than ``limit`` bytes."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = problem_response(413, f"the body may have {self._limit} bytes", code="body_too_large")
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._limit:
            await answer(scope, receive, send)
            return
        seen = 0
        started = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > self._limit:
                    raise _TooLarge
            return message

        async def noticed(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, noticed)
        except _TooLarge:
            if started:
                raise
            await answer(scope, receive, send)
