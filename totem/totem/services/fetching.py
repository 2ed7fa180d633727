"""Fetching a ciphertext from where its provider says it is: a shared folder, a bucket, a provider's server.

The place is another organisation's word. So what is asked for always ends in the ciphertext's own hash, never more
bytes are read than there should be, nothing but a regular file is opened, no redirection is followed, an endpoint
that the provider names gets no credentials of the caller, and none keeps it waiting (``patient_reading``). ``store`` is
the caller's own word instead.
"""

from __future__ import annotations

import http.client
import math
import urllib.error
import urllib.parse
import urllib.request
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from totem.services.errors import BadInput, Missing, ProviderSide
from totem.services.patient_reading import Connections, PatientReading
from totem.services.result_store import check_url, copy_checked, object_path, open_regular, storing

__all__ = ["fetch"]

_SECONDS = 30.0
"""How long a connection may be silent."""

_ALL_SECONDS = 60.0
_BYTES_PER_SECOND = 16_384
"""How slow a store may be: it has 60 s, and one more for each 16 KiB."""

_SCHEMES = ("file", "http", "https", "s3")
_HINT = "its provider can look what has become of it, or hand the result over: `totem provider result JOB -o FILE`"


def fetch(
    told: str, ciphertext: str, size: int, target: BinaryIO, *, store: str | None = None, patience: float = math.inf
) -> None:
    """Write a ciphertext to ``target``: all of it, and exactly the one that was asked for.

    ``told`` is the URL of the store as the ledger has it; ``store``, where given, is looked in instead. ``patience`` is
    how many seconds the caller has, where that is less than what so large a ciphertext may take.

    Raises:
        BadInput: code ``bad-store``: ``store`` is not a URL of a store.
        Missing: code ``ciphertext_missing``: the store does not have it.
        ProviderSide: ``ciphertext_damaged``: the store has something else; ``result_store``: it can't be reached.
    """
    try:
        place = check_url(store or told, "the result store", _SCHEMES)
    except BadInput as error:
        if store is not None:
            raise
        raise ProviderSide(error.message, code="result_store", hint=_HINT) from None
    url, seconds = place.geturl(), min(_ALL_SECONDS + size / _BYTES_PER_SECOND, patience)
    open_ = partial(_open, place, ciphertext, is_told=store is None)
    with storing(url), PatientReading(url, open_, size=size, seconds=seconds) as found:
        if not found.is_there():
            raise Missing(
                f"the result store {url} has no ciphertext {ciphertext}",
                code="ciphertext_missing",
                hint=f"where you see the store under another URL, give that: `--store URL`; {_HINT}",
            )
        try:
            is_right = copy_checked(found, target, ciphertext, size)
        except http.client.HTTPException as error:
            raise ProviderSide(
                f"the result store {url} stopped while it sent: {type(error).__name__}", code="result_store"
            ) from None
    if not is_right:
        raise ProviderSide(
            f"what the result store {url} has as {ciphertext} is damaged: it is not the ciphertext of {size}"
            " bytes that is on the ledger",
            code="ciphertext_damaged",
            hint=_HINT,
        )


def _open(
    place: urllib.parse.SplitResult, ciphertext: str, connections: Connections, *, is_told: bool
) -> BinaryIO | None:
    try:
        match place.scheme:
            case "file":
                return open_regular(Path(urllib.parse.unquote(place.path)) / object_path(ciphertext), place.geturl())
            case "s3":
                return _open_object(place.geturl(), ciphertext, is_told=is_told)
        return _open_http(f"{place.geturl().rstrip('/')}/{object_path(ciphertext)}", connections)
    except ValueError as error:
        # No host, file or key has such a name (a label that is empty, a NUL); each library says so in its own way.
        reason = str(error).splitlines()[0]
        raise ProviderSide(
            f"the result store {place.geturl()} can't be looked for: {reason}", code="result_store", hint=_HINT
        ) from None


def _open_object(url: str, ciphertext: str, *, is_told: bool) -> BinaryIO | None:
    from totem.services.result_bucket import BucketStore  # noqa: PLC0415  # brings pyarrow

    try:
        return BucketStore(url, is_told=is_told).open(ciphertext)
    except BadInput as error:
        if not is_told:
            raise
        raise ProviderSide(error.message, code="result_store", hint=_HINT) from None


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """A redirection could lead anywhere: it is an answer like every other that is not the ciphertext."""

    def redirect_request(self, *_: Any) -> None:
        """See ``HTTPRedirectHandler``: none."""
        return


class _Http(http.client.HTTPConnection):
    """A connection that tells its socket to those who may have to end it."""

    connections: Connections

    def connect(self) -> None:
        """See ``HTTPConnection``."""
        super().connect()
        self.connections.add(self.sock)


class _Https(http.client.HTTPSConnection, _Http):
    """The same over TLS: connected as ``_Http`` is, so that the handshake can be ended too."""


class _Handler(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Opens such connections."""

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._connections = connections

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """See ``HTTPHandler``."""
        return self.do_open(partial(self._made, _Http), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """See ``HTTPSHandler``."""
        return self.do_open(partial(self._made, _Https), req)

    def _made(self, kind: type[_Http], host: str, **options: Any) -> _Http:
        made = kind(host, **options)
        made.connections = self._connections
        return made


def _open_http(url: str, connections: Connections) -> BinaryIO | None:
    request = urllib.request.Request(url, headers={"Accept": "application/octet-stream"})  # noqa: S310  # http(s) only
    opener = urllib.request.build_opener(_NoRedirection, _Handler(connections))
    try:
        answer: IO[bytes] = opener.open(request, timeout=_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (http.client.NOT_FOUND, http.client.GONE):
            return None
        raise ProviderSide(f"{url} answers {error.code} {error.reason}", code="result_store", hint=_HINT) from None
    except urllib.error.URLError as error:
        raise ProviderSide(f"{url} can't be reached: {error.reason}", code="result_store", hint=_HINT) from None
    except (OSError, http.client.HTTPException) as error:
        raise ProviderSide(f"{url} can't be reached: {error}", code="result_store", hint=_HINT) from None
    return cast(BinaryIO, answer)
