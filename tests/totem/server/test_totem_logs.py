"""Secrets and data never reach a log."""

import json
import logging
import sys
import threading

import pytest
from typer.testing import CliRunner

from totem import logs
from totem.cli.main import app
from totem.services.errors import BadInput
from totem.services.tokens import PREFIX, TokenStore

PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"


@pytest.fixture
def captured(capsys):
    hooks = sys.excepthook, threading.excepthook
    logs.configure("debug")
    yield lambda: capsys.readouterr().err
    logs.configure("warning")
    sys.excepthook, threading.excepthook = hooks


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
    logging.getLogger("a.library").error("GET /v1 Authorization: %s", f"Bearer {PREFIX}{'y' * 40}")
    written = captured()
    assert "y" * 40 not in written
    assert "GET /v1" in written


CELL = "the-cell-98765.4321"
TOKEN = f"{PREFIX}{'z' * 40}"


def fail():
    try:
        float(CELL)
    except ValueError:
        raise KeyError(CELL, TOKEN) from None


def broken():
    """Return an exception with a traceback, a cause, a group and secrets in every text."""
    try:
        try:
            fail()
        except KeyError as error:
            raise ExceptionGroup(CELL, [RuntimeError(f"Bearer {TOKEN}"), ValueError(CELL)]) from error
    except ExceptionGroup as error:
        return error


def is_clean(written):
    assert CELL not in written
    assert "z" * 40 not in written
    for name in ("KeyError", "RuntimeError", "ExceptionGroup", "in fail"):
        assert name in written


def test_exceptions_tell_their_class_and_place_only(captured):
    logs.logger("test").error("failed", exc_info=broken())
    written = captured()
    is_clean(written)
    assert json.loads(written)["event"] == "failed"


def test_exceptions_of_records_tell_their_class_and_place_only(captured):
    library = logging.getLogger("some.library")
    library.error("failed: %s", broken(), exc_info=broken())
    library.warning("failed: %(problem)s", {"problem": broken()}, stack_info=True)
    record = library.makeRecord(library.name, logging.ERROR, "x.py", 1, "formatted before", (), None)
    record.exc_text = f"ValueError: {CELL}"
    library.handle(record)
    written = captured()
    is_clean(written)
    assert "Stack (most recent call last)" in written
    assert "formatted before" in written


def test_a_record_that_cannot_be_formatted_is_told_nevertheless(captured):
    logging.getLogger("some.library").error("%d rows", CELL)
    logging.getLogger("some.library").error({"token": TOKEN})
    written = captured()
    assert "can't be formatted (TypeError): %d rows" in written
    assert CELL not in written
    assert TOKEN not in written


def test_errors_of_ours_and_of_the_system_are_told(captured):
    log = logs.logger("test")
    log.error("one", problem=BadInput("there is no such file"), other=FileNotFoundError(2, "No such file", "/data/x"))
    log.error("two", exc_info=OSError(28, "No space left on device"))
    written = captured()
    assert "BadInput: there is no such file" in written
    assert "[Errno 2] No such file: '/data/x'" in written
    assert "[Errno 28] No space left on device" in written


def test_what_nobody_caught_is_logged_like_everything_else(captured):
    def run():
        raise broken()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    error = broken()
    sys.excepthook(type(error), error, error.__traceback__)
    written = captured()
    is_clean(written)
    assert written.count("nobody caught: ExceptionGroup") == 2


def test_a_bug_in_a_command_shows_no_data(monkeypatch):
    monkeypatch.setattr("totem.services.home.Home.identities", lambda _: fail())
    done = CliRunner().invoke(app, ["admin", "identities"])
    assert done.exit_code == 1
    assert "this is a bug of TOTEM" in done.stderr
    assert "KeyError" in done.stderr
    assert CELL not in done.stderr
    assert TOKEN not in done.stderr
