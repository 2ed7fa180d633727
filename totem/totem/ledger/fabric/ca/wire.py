"""One call of fabric-ca's REST API: TLS, the signed token, the answer's envelope."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from totem.ledger.errors import LedgerError, LedgerUnavailable
from totem.ledger.fabric.signing import Signer, sign
from totem_chaincode.hosts import is_loopback

__all__ = ["CaRefused", "CaServer", "basic", "token"]

_API = "/api/v1/"
_MAX_ANSWER = 16 << 20


class CaRefused(LedgerError):
    """The CA does not do what it is asked for; nothing has changed.

    ``code`` is fabric-ca's own number of the first error (20: who asks is not authenticated, 71: not authorised, and so
    on), ``status`` that of HTTP.
    """

    def __init__(self, call: str, status: int, code: int, text: str) -> None:
        self.status = status
        self.code = code
        super().__init__(f"the CA refuses {call}: {text} (code {code})")


class CaServer:
    """Where a fabric-ca server is.

    ``tls_ca`` (PEM) is what its TLS certificate is checked with; None: what the machine trusts.

    Raises:
        LedgerUnavailable: the address can't be used, or would send secrets over the network in the clear.
    """

    def __init__(self, address: str, *, tls_ca: bytes | None = None, timeout: float = 30.0) -> None:
        self.address = address
        self._timeout = timeout
        try:
            parts = urlsplit(address)
            self._host, self._port = parts.hostname or "", parts.port or 7054
        except ValueError as error:
            raise LedgerUnavailable(f"{address!r}: no address ({error}); expected https://host:port") from None
        if parts.scheme not in {"http", "https"} or not self._host or parts.path not in {"", "/"} or parts.query:
            raise LedgerUnavailable(f"{address!r}: the CA's address is expected as https://host:port")
        if parts.scheme == "http" and not is_loopback(self._host):
            raise LedgerUnavailable(f"{address}: without TLS, secrets would be sent in the clear: use https")
        self._context = _context(tls_ca) if parts.scheme == "https" else None

    def call(
        self, method: str, name: str, body: Mapping[str, Any] | None, *, who: Signer | str, query: Mapping[str, str]
    ) -> Any:
        """Make a call and return its result.

        ``who`` is the signer of the call, or the header's text where it is not signed (empty: no header).

        Raises:
            CaRefused: the CA answered with an error.
            LedgerUnavailable: it can't be reached, or its TLS certificate is not accepted.
            LedgerError: what answered is not fabric-ca.
        """
        path = _API + name + (f"?{urlencode(query)}" if query else "")
        data = b"" if body is None else json.dumps(body).encode()
        header = who if isinstance(who, str) else token(who, method, path, data)
        headers = {"Content-Type": "application/json", **({"Authorization": header} if header else {})}
        status, answer = self._exchange(method, path, data, headers)
        return self._result(name, status, answer)

    def _exchange(self, method: str, path: str, data: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self._context is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        else:
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=self._context
            )
        try:
            connection.request(method, path, data, dict(headers))
            response = connection.getresponse()
            return response.status, response.read(_MAX_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise LedgerUnavailable(f"the CA at {self.address} can't be reached: {error!r}") from None
        finally:
            connection.close()

    def _result(self, name: str, status: int, answer: bytes) -> Any:
        try:
            document = json.loads(answer)
            errors, success = document.get("errors") or [], document["success"]
            said = [(int(each["code"]), str(each["message"])) for each in errors]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise LedgerError(
                f"{self.address} is no fabric-ca: it answers {name} with status {status} and something else than an"
                " answer of fabric-ca's"
            ) from None
        if not success or status >= http.client.BAD_REQUEST:
            code, text = said[0] if said else (0, f"status {status}")
            raise CaRefused(name, status, code, "; ".join(each for _, each in said) or text)
        return document.get("result")


def token(signer: Signer, method: str, path: str, body: bytes) -> str:
    """Return the header with which fabric-ca knows who makes a call: the certificate, and a signature over the call."""
    certificate = _base64(signer.certificate.encode())
    signed = f"{method}.{_base64(path.encode())}.{_base64(body)}.{certificate}"
    return f"{certificate}.{_base64(sign(signer, signed.encode()))}"


def basic(name: str, secret: str) -> str:
    """Return the header of somebody who has a name and a secret only."""
    return "Basic " + _base64(f"{name}:{secret}".encode())


def _context(tls_ca: bytes | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=tls_ca.decode() if tls_ca is not None else None)
    except (ssl.SSLError, ValueError) as error:
        raise LedgerUnavailable(f"the CA's TLS authority is no certificate in PEM: {error}") from None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
