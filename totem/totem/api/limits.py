"""Limits on requests: how large a body may be, checked while it is read and not only by its announced length."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from totem.api.problems import problem_response

__all__ = ["MAX_BODY_BYTES", "BodyLimit"]

MAX_BODY_BYTES = 2 << 20


class BodyLimit:
    """ASGI middleware that reads a request's body and answers 413 where it has more than ``limit`` bytes."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        too_large = announced.isdigit() and int(announced) > self._limit
        body = bytearray()
        more = not too_large
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return  # the caller has gone
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._limit:
                too_large, more = True, False
        if too_large:
            answer = problem_response(413, f"the body may have {self._limit} bytes", code="body_too_large")
            await answer(scope, receive, send)
            return
        given = False

        async def read() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, read, send)
