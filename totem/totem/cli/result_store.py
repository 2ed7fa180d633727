"""Options of a provider's result store: where ciphertexts of large results go, and where consumers find them."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from totem.services.errors import BadInput
from totem.services.result_store import check_url, open_store
from totem.services.store import ProviderStore, ResultPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ResultUrl", "ServeResults", "StoreUrl", "keep_results", "serving_results"]

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--result-store",
        metavar="URL",
        help="where encrypted results over 1 MB are kept from now on: a folder, file:///DIR or s3://BUCKET/PREFIX"
        " (default: a folder of the provider's own)",
    ),
]
ResultUrl = Annotated[
    str | None,
    typer.Option(
        "--result-url",
        metavar="URL",
        help="where consumers find that store, if not there: file://, s3://, https:// (default: the same)",
    ),
]
ServeResults = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="hand the store's ciphertexts out over HTTP; consumers are told so"),
]


def keep_results(store: ProviderStore, url: str | None, told: str | None, served: str | None = None) -> ResultPlace:
    """Remember where results go and where consumers find them, as far as the command line says; return both.

    ``served`` is the URL at which this process serves the store.

    Raises:
        BadInput: code ``bad-store``: results can't be kept or found there.
    """
    kept = store.result_place
    if url is None and told is None and served is None:
        return kept
    where = kept.store if url is None else _url(url)
    place = ResultPlace(where, told or served or where)
    open_store(place.store)
    check_url(place.told, "--result-url", ("file", "s3", "http", "https"))
    store.keep_results_in(place)
    return place


def _url(given: str) -> str:
    """Return a URL, also of a folder that is named by its path."""
    return given if "://" in given else Path(given).absolute().as_uri()


@contextmanager
def serving_results(
    store: ProviderStore, address: str | None, url: str | None, told: str | None
) -> Iterator[ResultPlace]:
    """Serve the result store at an address, where one is given, and remember what the command line says of it.

    Raises:
        BadInput: the address can't be used, or results can't be kept or found where they should.
    """
    if address is None:
        yield keep_results(store, url, told)
        return
    from totem.api.sealed import PATH, create_sealed_app  # noqa: PLC0415  # brings FastAPI
    from totem.api.serve import ApiServer  # noqa: PLC0415  # as above

    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit():
        raise BadInput(f"--serve-results {address!r}: HOST:PORT is expected", code="usage")
    server = ApiServer(create_sealed_app(store), host.strip("[]"), int(port))
    place = keep_results(store, url, told, f"{server.url}{PATH}")
    stop = server.start()
    try:
        yield place
    finally:
        stop()
