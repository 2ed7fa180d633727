"""Secrets and data never reach a log."""

import io
import json
import logging
import sys

import pytest

from totem import logs
from totem.services.tokens import PREFIX, TokenStore

PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"


@pytest.fixture
def captured(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("debug")
    yield stream
    logging.basicConfig(force=True)


def test_fields_with_secret_names_are_replaced(captured):
    logs.logger("test").info("hello", token="abc", access_key="def", nested={"salt": "ghi", "job_id": "job-1"})
    entry = json.loads(captured.getvalue())
    assert entry["token"] == entry["access_key"] == entry["nested"]["salt"] == logs.REDACTED
    assert entry["nested"]["job_id"] == "job-1"
    assert entry["event"] == "hello"


def test_fields_with_data_are_replaced(captured):
    logs.logger("test").info("row", row=[17.5], value="secret-cell", result=[["a", 1]], source="class Job")
    assert not any(word in captured.getvalue() for word in ("17.5", "secret-cell", '"a"', "class Job"))


def test_tokens_and_keys_in_texts_are_replaced(captured, tmp_path):
    token, _ = TokenStore(tmp_path / "tokens.json").issue("alice")
    log = logs.logger("test")
    log.warning(f"got {token}", header=f"Bearer {token}", problem=ValueError(f"bad {token}"))
    log.warning("pem", detail=PEM)
    assert token not in captured.getvalue()
    assert "MIGHAgEAMBMGByqGSM49" not in captured.getvalue()
    assert logs.REDACTED in captured.getvalue()


def test_tracebacks_are_redacted_too(captured):
    try:
        int(f"{PREFIX}{'x' * 40}")
    except ValueError:
        logs.logger("test").exception("failed")
    assert "x" * 40 not in captured.getvalue()
    assert "ValueError" in captured.getvalue()


def test_records_of_libraries_are_redacted(captured):
    logging.getLogger("uvicorn.access").error("GET /v1 Authorization: %s", f"Bearer {PREFIX}{'y' * 40}")
    assert "y" * 40 not in captured.getvalue()
    assert "GET /v1" in captured.getvalue()
