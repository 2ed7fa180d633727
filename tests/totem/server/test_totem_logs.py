"""Secrets and data never reach a log."""

import json
import logging

import pytest

from totem import logs
from totem.services.tokens import PREFIX, TokenStore

PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"


@pytest.fixture
def captured(capsys):
    logs.configure("debug")
    yield lambda: capsys.readouterr().err
    logs.configure("warning")


def test_fields_with_secret_names_are_replaced(captured):
    logs.logger("test").info("hello", token="abc", access_key="def", nested={"salt": "ghi", "job_id": "job-1"})
    entry = json.loads(captured())
    assert entry["token"] == entry["access_key"] == entry["nested"]["salt"] == logs.REDACTED
    assert entry["nested"]["job_id"] == "job-1"
    assert entry["event"] == "hello"


def test_fields_with_data_are_replaced(captured):
    logs.logger("test").info("row", row=[17.5], value="secret-cell", result=[["a", 1]], source="class Job")
    written = captured()
    assert not any(word in written for word in ("17.5", "secret-cell", '"a"', "class Job"))
    assert logs.REDACTED in written


def test_tokens_and_keys_in_texts_are_replaced(captured, tmp_path):
    token, _ = TokenStore(tmp_path / "tokens.json").issue("alice")
    log = logs.logger("test")
    log.warning(f"got {token}", header=f"Bearer {token}", problem=ValueError(f"bad {token}"))
    log.warning("pem", detail=PEM)
    written = captured()
    assert token not in written
    assert "MIGHAgEAMBMGByqGSM49" not in written
    assert logs.REDACTED in written


def test_tracebacks_are_redacted_too(captured):
    try:
        int(f"{PREFIX}{'x' * 40}")
    except ValueError as error:
        logs.logger("test").error("failed", exc_info=error)
    written = captured()
    assert "x" * 40 not in written
    assert "ValueError" in written


def test_records_of_libraries_are_redacted(captured):
    logging.getLogger("uvicorn.access").error("GET /v1 Authorization: %s", f"Bearer {PREFIX}{'y' * 40}")
    written = captured()
    assert "y" * 40 not in written
    assert "GET /v1" in written
