"""A small fabric-ca for tests: its answers are those that fabric-ca 1.5 gave; the same tests run over a real one."""

from __future__ import annotations

import base64
import datetime
import json
import secrets
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from tempfile import NamedTemporaryFile
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from totem.ledger.certificates import ATTRIBUTES
from totem.ledger.fabric.signing import low_s

SHA256 = hashes.SHA256()
REASONS = {"unspecified": 0, "keycompromise": 1, "superseded": 4}


class Refusal(Exception):
    """What the server answers instead of a result: HTTP's status, fabric-ca's code and text."""


NOT_AUTHENTICATED = Refusal(401, 20, "Authentication failure")
NOT_AUTHORISED = Refusal(403, 71, "Authorization failure")


class SmallCa:
    """One CA with the registrar ``admin``/``adminpw``; ``address`` is where it serves, ``tls_ca`` its certificate."""

    def __init__(self, name: str = "org1") -> None:
        self.name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._certificate()
        self._lock = threading.Lock()
        self._people = {"admin": {"secret": "adminpw", "left": -1, "attrs": {}, "type": "client", "admin": True}}
        self._issued: dict[int, tuple[str, bool]] = {}  # serial: whose, revoked
        handler = type("Handler", (_Handler,), {"ca": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.socket = self._tls().wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.address = f"https://127.0.0.1:{self._server.server_port}"

    @property
    def tls_ca(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method, path, header, body):
        """Return the result of a call, or raise its Refusal."""
        name = urlsplit(path).path.rpartition("/")[2]
        asked = json.loads(body or b"{}")
        wanted = asked.get("caname") or parse_qs(urlsplit(path).query).get("ca", [self.name])[0]
        if wanted != self.name:
            raise Refusal(404, 19, f"CA '{wanted}' does not exist")
        with self._lock:
            if name == "cainfo":
                return {"CAName": self.name, "CAChain": _base64(self.tls_ca), "Version": "small"}
            if name == "enroll":
                return self._enrolled(self._by_secret(header), asked)
            who = self._by_token(method, path, header, body)
            return getattr(self, f"_on_{name}")(who, asked)

    def _on_reenroll(self, who, asked):
        return self._enrolled(who, asked)

    def _on_register(self, who, asked):
        if not self._people[who]["admin"] or asked["affiliation"] not in {"", "org1"}:
            raise NOT_AUTHORISED
        if asked["id"] in self._people:
            raise Refusal(409, 74, f"Identity '{asked['id']}' is already registered")
        attrs = {each["name"]: each["value"] for each in asked["attrs"] if each["ecert"]}
        secret = asked.get("secret") or secrets.token_urlsafe(9)
        kept = {"secret": secret, "left": asked["max_enrollments"], "attrs": attrs, "type": asked["type"]}
        self._people[asked["id"]] = {**kept, "admin": False}
        return {"secret": secret}

    def _on_revoke(self, who, asked):
        if not self._people[who]["admin"]:
            raise NOT_AUTHORISED
        if "id" in asked:
            if asked["id"] not in self._people:
                text = f"Identity {asked['id']} was not found: Failed to get User: sql: no rows in result set"
                raise Refusal(404, 10, text)
            self._people[asked["id"]]["left"] = 0
            serials = [
                serial for serial, (whose, revoked) in self._issued.items() if whose == asked["id"] and not revoked
            ]
        else:
            serials = [int(asked["serial"], 16)]
            if self._issued[serials[0]][1]:
                text = f"Certificate with serial {asked['serial']} and AKI {asked['aki']} was already revoked"
                raise Refusal(404, 66, text)
        assert asked["reason"] in REASONS
        for serial in serials:
            self._issued[serial] = (self._issued[serial][0], True)
        return {"RevokedCerts": [{"Serial": f"{each:x}", "AKI": self._key_id().hex()} for each in serials], "CRL": ""}

    def _on_gencrl(self, who, asked):
        if not self._people[who]["admin"]:
            raise NOT_AUTHORISED
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now).next_update(now + datetime.timedelta(days=1))
        builder = builder.add_extension(x509.AuthorityKeyIdentifier(self._key_id(), None, None), critical=False)
        for serial, (_, revoked) in self._issued.items():
            if revoked:
                entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
                builder = builder.add_revoked_certificate(entry)
        return {"CRL": _base64(builder.sign(self._key, SHA256).public_bytes(serialization.Encoding.PEM))}

    def _by_secret(self, header):
        name, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        person = self._people.get(name)
        if person is None or person["secret"] != secret or person["left"] == 0:
            raise NOT_AUTHENTICATED
        person["left"] -= 1
        return name

    def _by_token(self, method, path, header, body):
        certified, _, signature = header.partition(".")
        certificate = x509.load_pem_x509_certificate(base64.b64decode(certified))
        signed = f"{method}.{_base64(path.encode())}.{_base64(body)}.{certified}".encode()
        signature = base64.b64decode(signature)
        try:
            certificate.public_key().verify(signature, signed, ec.ECDSA(SHA256))
        except InvalidSignature:
            raise NOT_AUTHENTICATED from None
        whose, revoked = self._issued.get(certificate.serial_number, ("", True))
        if revoked or low_s(signature) != signature:
            raise NOT_AUTHENTICATED
        return whose

    def _enrolled(self, who, asked):
        if asked.get("profile"):
            raise Refusal(500, 0, f"Invalid profile: '{asked['profile']}'")
        person = self._people[who]
        request = x509.load_pem_x509_csr(asked["certificate_request"].encode())
        assert request.is_signature_valid
        assert request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == who
        known = {**person["attrs"], "hf.Affiliation": "", "hf.EnrollmentID": who, "hf.Type": person["type"]}
        wanted = asked.get("attr_reqs")
        if wanted is not None:
            if missing := [each["name"] for each in wanted if not each["optional"] and each["name"] not in known]:
                text = f"Failed to find requested attributes: The following required attributes are missing: {missing}"
                raise Refusal(500, 0, text.replace("'", "").replace(",", ""))
            known = {each["name"]: known[each["name"]] for each in wanted if each["name"] in known}
        names = [x509.NameAttribute(NameOID.COMMON_NAME, who)]
        subject = x509.Name([*names, x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, person["type"])])
        attrs = x509.UnrecognizedExtension(ATTRIBUTES, json.dumps({"attrs": known}).encode())
        builder = self._builder(subject, request.public_key()).add_extension(attrs, critical=False)
        certificate = builder.sign(self._key, SHA256)
        self._issued[certificate.serial_number] = (who, False)
        info = {"CAName": self.name, "CAChain": _base64(self.tls_ca), "Version": "small"}
        return {"Cert": _base64(certificate.public_bytes(serialization.Encoding.PEM)), "ServerInfo": info}

    def _builder(self, subject, key):
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name()).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(minutes=5))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        return builder.add_extension(x509.AuthorityKeyIdentifier(self._key_id(), None, None), critical=False)

    def _certificate(self):
        builder = self._builder(self._name(), self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        return builder.add_extension(names, critical=False).sign(self._key, SHA256)

    @staticmethod
    def _name():
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "small fabric-ca")])

    def _key_id(self):
        return x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()).digest

    def _tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with NamedTemporaryFile() as both:  # Python's TLS reads keys from files only
            both.write(pem + self.tls_ca)
            both.flush()
            context.load_cert_chain(both.name)
        return context


class _Handler(BaseHTTPRequestHandler):
    """One call over HTTP."""

    ca: SmallCa

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            result = self.ca.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
            status, errors = (201 if self.path.endswith("enroll") else 200), []
        except Refusal as refusal:
            status, code, text = refusal.args
            result, errors = "", [{"code": code, "message": text}]
        document = {"result": result, "errors": errors, "messages": [], "success": not errors}
        answer = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_):
        """Say nothing: tests read what the client says."""


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
