"""A provider's server for ciphertexts of large results: for whoever knows their hashes, which are on the ledger.

What it hands out is of use to the holder of one key only, so it asks nobody who they are. Whoever opens it to a
network puts TLS in front of it, as with the REST API.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from typing import Annotated, BinaryIO

from fastapi import FastAPI, Path, Response
from fastapi.responses import StreamingResponse

from totem.api.problems import add_handlers, problem_response
from totem.services.result_store import open_store
from totem.services.store import ProviderStore

__all__ = ["PATH", "create_sealed_app"]

PATH = "/v1/sealed"
"""Where the store begins on this server: what consumers are told ends so."""

_PIECE = 1 << 20


def create_sealed_app(store: ProviderStore) -> FastAPI:
    """Return the application that hands out what is in a provider's result store."""
    app = FastAPI(title="TOTEM result store", openapi_url=None, docs_url=None, redoc_url=None)
    add_handlers(app)

    @app.get(f"{PATH}/{{prefix}}/{{ciphertext}}", response_class=StreamingResponse)
    def get_ciphertext(
        prefix: Annotated[str, Path(pattern=r"^[0-9a-f]{2}$")],
        ciphertext: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
    ) -> Response:
        """Return a ciphertext; its reader checks size and hash."""
        place = store.result_place
        found = open_store(place.store).open(ciphertext) if ciphertext.startswith(prefix) else None
        if found is None:
            return problem_response(
                HTTPStatus.NOT_FOUND, f"the result store has no ciphertext {ciphertext}", code="ciphertext_missing"
            )
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(_pieces(found), media_type="application/octet-stream", headers=headers)

    return app


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with closing(file):
        while piece := file.read(_PIECE):
            yield piece
