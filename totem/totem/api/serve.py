"""Serving the REST API of a home folder with uvicorn."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable
from functools import lru_cache

import uvicorn
from fastapi import FastAPI

from totem.api.app import create_app
from totem.api.context import ApiContext
from totem.logs import logger
from totem.services.errors import BadInput
from totem.services.home import Home
from totem.services.session import Session

__all__ = ["ApiServer", "api_of", "serve_api"]


def api_of(home: Home) -> FastAPI:
    """Return the REST API of a home folder's consortium."""

    @lru_cache(maxsize=256)
    def open_session(identity: str) -> Session:
        return home.session(identity)

    return create_app(ApiContext(home.tokens, open_session, home.explorer))


class ApiServer:
    """The API on a socket that is already open, so that its port is known before it serves."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            # Who is told the address may connect at once: it waits until somebody serves.
            self._socket.listen()
        except OSError as error:
            self._socket.close()
            raise BadInput(
                f"can't listen on {host}:{port}: {error.strerror}", code="port", hint="give another --port (0: any)"
            ) from None
        self.port: int = self._socket.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.port}"
        # Access logs would hold nothing that the ledger does not tell better.
        config = uvicorn.Config(app, lifespan="off", access_log=False, log_config=None, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)

    def run(self) -> None:
        """Serve until interrupted (SIGINT or SIGTERM) or stopped; both are the orderly end of a server."""
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            # uvicorn ends at the signal and then passes it on to the handler that was there before.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._socket])

    def start(self) -> Callable[[], None]:
        """Serve in a thread; returns what stops it."""
        thread = threading.Thread(target=self.run, name="api", daemon=True)
        thread.start()

        def stop() -> None:
            self._server.should_exit = True
            thread.join()

        return stop


def serve_api(home: Home, host: str, port: int) -> None:
    """Serve the REST API of a home folder until interrupted.

    Raises:
        BadInput: the port is taken.
    """
    server = ApiServer(api_of(home), host, port)
    logger("api").info("the API listens", url=server.url)
    server.run()
