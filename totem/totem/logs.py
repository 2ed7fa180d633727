"""Logging: JSON lines on standard error, from which secrets and data are kept out.

Three rules hold for everything that is logged anywhere under ``totem``:

* a field whose name says that it is a secret is replaced (``token``, ``key``, ``authorization``, …);
* text that looks like one of our tokens or a PEM block is replaced wherever it stands;
* cell values, rows, results and source text are never passed to a logger: fields of these names are replaced too.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, ClassVar

__all__ = ["REDACTED", "Logger", "configure", "logger", "redact"]

REDACTED = "[redacted]"

_SECRET = re.compile(
    r"(^|_)(token|tokens|secret|password|authorization|cookie|private_key|access_key|key|salt|salts|pem)$",
    re.IGNORECASE,
)
_DATA = frozenset({"row", "rows_data", "cell", "cells", "value", "values", "result", "source", "params", "body"})
_IN_TEXT = re.compile(
    r"totem_[A-Za-z0-9_-]{16,}"
    r"|-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----"
    r"|(?i:bearer)\s+[A-Za-z0-9._~+/-]+=*",
    re.DOTALL,
)


def redact(value: Any, name: str = "") -> Any:
    """Return ``value`` without secrets and data, as it may be logged under ``name``."""
    if _SECRET.search(name) or name in _DATA:
        return REDACTED
    if isinstance(value, str):
        return _IN_TEXT.sub(REDACTED, value)
    if isinstance(value, Mapping):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    if isinstance(value, bytes):
        return f"[{len(value)} bytes]"
    if isinstance(value, BaseException):
        return redact(f"{type(value).__name__}: {value}")
    return value


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: redact(value, key) for key, value in event.items()}


class _RedactRecords(logging.Filter):
    """The same for records of libraries that use the standard library's logging."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = ()
        return True


def configure(level: str = "info") -> None:
    """Set logging up for this process; ``level`` is a name of the standard library's levels."""
    number = logging.getLevelNamesMapping()[level.upper()]
    Logger.level = number
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_RedactRecords())
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


class Logger:
    """The logger of a part of the server: a message and fields, one JSON line each.

    structlog is imported with the first line that is written: most commands never write one.
    """

    level: ClassVar[int] = logging.WARNING
    _backend: ClassVar[Any] = None

    def __init__(self, part: str) -> None:
        self._part = part

    def info(self, message: str, **fields: Any) -> None:
        """Log what happens in the normal course of things."""
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        """Log what somebody should look at some day."""
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, **fields: Any) -> None:
        """Log what somebody should look at now; ``exc_info`` adds an exception's traceback."""
        self._write(logging.ERROR, message, fields)

    def _write(self, level: int, message: str, fields: dict[str, Any]) -> None:
        if level < Logger.level:
            return
        if Logger._backend is None:
            Logger._backend = _structlog()
        Logger._backend.bind(part=self._part).log(level, message, **fields)


def _structlog() -> Any:
    import structlog  # noqa: PLC0415  # takes as long as all the rest of a short command

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact_event,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        # Looked up for each line: standard error may be another one by then.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    return structlog.get_logger()


def logger(part: str) -> Logger:
    """Return the logger of a part of the server."""
    return Logger(part)
