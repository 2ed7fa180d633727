"""A result store in a bucket of S3, or of what speaks its protocol: ``s3://BUCKET/PREFIX?region=R&endpoint_override=E``.

Credentials come from the environment as for every program that uses S3 (``AWS_ACCESS_KEY_ID``, …), never from the URL.
An object is there when its upload is complete, so a crash leaves none; an upload that was cut off is for the bucket's
lifecycle rule to remove (``AbortIncompleteMultipartUpload``).
"""

from __future__ import annotations

import re
import shutil
import urllib.parse
from pathlib import Path
from typing import BinaryIO, cast

from pyarrow.fs import FileType, S3FileSystem

from totem.services.errors import BadInput
from totem.services.result_store import check_url, object_path, storing

__all__ = ["BucketStore"]

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_FORMS = {
    "region": re.compile(r"[A-Za-z0-9-]{1,64}"),
    "endpoint_override": re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"),
    "scheme": re.compile("https?"),
}
"""The options. They become parts of a host's name: with more in them they would choose another host or path."""

_CONNECT_SECONDS = 10.0
_REQUEST_SECONDS = 60.0
_PIECE = 1 << 20


class BucketStore:
    """A store in a bucket; see ``ResultStore``.

    ``is_told``: the URL is another organisation's word. Then an endpoint that it names gets no credentials, and nothing
    is signed with them where it says plain HTTP.

    Raises:
        BadInput: code ``bad-store``: the URL is not one of a bucket.
    """

    def __init__(self, url: str, *, is_told: bool = False) -> None:
        parts = check_url(url, "the result store", ("s3",))
        given = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
        options = dict(given)
        if len(options) < len(given) or not options.keys() <= _FORMS.keys():
            raise BadInput(
                f"the result store {url!r}: after ? may stand {', '.join(_FORMS)}, each once", code="bad-store"
            )
        options_form = all(_FORMS[name].fullmatch(value) for name, value in given)
        if not (options_form and _BUCKET.fullmatch(parts.netloc)):
            raise BadInput(
                f"the result store {url!r}: a bucket's name, a region, http or https as scheme, HOST:PORT as"
                " endpoint_override, and nothing else",
                code="bad-store",
            )
        self.url = url
        self._base = f"{parts.netloc}/{urllib.parse.unquote(parts.path).strip('/')}".rstrip("/")
        with storing(url):
            self._files = S3FileSystem(
                **options,
                anonymous=is_told and ("endpoint_override" in options or options.get("scheme") == "http"),
                connect_timeout=_CONNECT_SECONDS,
                request_timeout=_REQUEST_SECONDS,
            )

    def put(self, ciphertext: str, file: Path) -> None:
        """See ``ResultStore``."""
        with storing(self.url), file.open("rb") as source:
            found = self._files.get_file_info(self._path(ciphertext))
            if found.type == FileType.File and found.size == file.stat().st_size:
                return
            with self._files.open_output_stream(self._path(ciphertext)) as target:
                shutil.copyfileobj(source, target, _PIECE)

    def open(self, ciphertext: str) -> BinaryIO | None:
        """See ``ResultStore``."""
        with storing(self.url):
            try:
                return cast(BinaryIO, self._files.open_input_stream(self._path(ciphertext)))
            except FileNotFoundError:
                return None

    def delete(self, ciphertext: str) -> None:
        """See ``ResultStore``."""
        with storing(self.url):
            if self._files.get_file_info(self._path(ciphertext)).type == FileType.File:
                self._files.delete_file(self._path(ciphertext))

    def tidy(self) -> None:
        """See ``ResultStore``: an upload that was cut off leaves nothing that has a name."""

    def _path(self, ciphertext: str) -> str:
        return f"{self._base}/{object_path(ciphertext)}"
