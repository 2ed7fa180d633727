"""Logging: JSON lines (on a terminal: plain ones) on standard error, from which secrets and data are kept out.

Four rules hold for everything that is logged anywhere under ``totem``, also by libraries and by what nobody caught:

* a field whose name says that it is a secret is replaced (``token``, ``key``, ``authorization``, …);
* text that looks like one of our tokens or a PEM block is replaced wherever it stands;
* cell values, rows, results and source text are never passed to a logger: fields of these names are replaced too;
* of an exception that is not ours only the class and the place are told: its text may quote a cell.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, ClassVar

__all__ = ["REDACTED", "Logger", "configure", "describe", "logger", "redact"]

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
        return _text_of(value)
    return value


def describe(error: BaseException) -> str:
    """Return an exception with its causes and where each arose, as it may be logged."""
    return str(redact("".join(_parts(error, set())).rstrip("\n")))


def _parts(error: BaseException, told: set[int]) -> list[str]:
    told.add(id(error))
    parts: list[str] = []
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None and id(earlier) not in told:
        parts += [*_parts(earlier, told), "which led to:\n"]
    if error.__traceback__ is not None:
        parts += ["Traceback (most recent call last):\n", *traceback.format_tb(error.__traceback__)]
    parts.append(f"{_text_of(error)}\n")
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            if id(inner) not in told:
                parts += ["in which:\n", *_parts(inner, told)]
    return parts


def _text_of(error: BaseException) -> str:
    """Return class and text of an exception: of one that is not ours the class only, of an OSError what failed."""
    kind = type(error)
    if isinstance(error, OSError) and error.strerror is not None:
        about = f": {error.filename!r}" if error.filename is not None else ""
        return f"{kind.__name__}: [Errno {error.errno}] {error.strerror}{about}"
    if kind.__module__.partition(".")[0] in _OURS:
        return str(redact(f"{kind.__name__}: {error}"))
    return kind.__name__


_OURS = frozenset({"totem", "totem_ccf", "totem_chaincode", "totem_sdk"})


def _describe_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["exception"] = describe(error)
    return event


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: redact(value, key) for key, value in event.items()}


def _plain_line(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """Return an event as people read it: time (UTC), what happened, its fields; what went wrong says so."""
    time, level = str(event.pop("timestamp"))[11:19], event.pop("level")
    event.pop("part", None)
    raised = event.pop("exception", "")
    fields = [f"{name} {value}" for name, value in event.items() if name != "event"]
    said = "" if level == "info" else f"{level}: "
    return f"{time} {said}{'; '.join([str(event['event']), *fields])}" + (f"\n{raised}" if raised else "")


class _RedactRecords(logging.Filter):
    """The same for records of libraries that use the standard library's logging."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.args = _safe_arguments(record.args)
        try:
            message = redact(record.getMessage() if isinstance(record.msg, str) else record.msg)
        except (TypeError, ValueError, KeyError) as error:
            message = f"a record that can't be formatted ({type(error).__name__}): {redact(str(record.msg))}"
        record.msg, record.args = message, ()
        # What another handler has made of the exception is made again: a formatter takes it as it finds it.
        raised = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        record.exc_info, record.exc_text = None, None if raised is None else describe(raised)
        record.stack_info = None if record.stack_info is None else str(redact(record.stack_info))
        return True


class _Stderr(logging.Handler):
    """Writes to what standard error is by then, as the structured lines do."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError, ValueError):  # it is closed: there is nobody to tell
            sys.stderr.write(f"{self.format(record)}\n")


def _safe_arguments(arguments: Any) -> Any:
    """Return a record's arguments with exceptions as they may be told; the message is redacted once it is whole."""
    if isinstance(arguments, Mapping):
        return {name: redact(item, str(name)) for name, item in arguments.items()}
    return tuple(_text_of(item) if isinstance(item, BaseException) else item for item in arguments or ())


def _uncaught(kind: type[BaseException], error: BaseException | None, _: TracebackType | None) -> None:
    if not issubclass(kind, SystemExit | KeyboardInterrupt):
        logging.getLogger("totem").critical("nobody caught: %s", kind.__name__, exc_info=error)


def configure(level: str = "info", *, plain: bool = False) -> None:
    """Set logging up for this process; ``level`` is a name of the standard library's levels, ``plain`` for people.

    What nobody catches is logged like everything else, instead of written to standard error as it is.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    Logger.start(number, plain=plain)
    handler = _Stderr()
    handler.addFilter(_RedactRecords())
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


class Logger:
    """The logger of a part of the server: a message and fields, one JSON line each.

    structlog is imported with the first line that is written: most commands never write one.
    """

    level: ClassVar[int] = logging.WARNING
    plain: ClassVar[bool] = False
    _backend: ClassVar[Any] = None

    def __init__(self, part: str) -> None:
        self._part = part

    @classmethod
    def start(cls, level: int, *, plain: bool) -> None:
        """Write what is of this level or above from now on, for people or for programs."""
        cls.level, cls.plain, cls._backend = level, plain, None

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
            _describe_event,
            _redact_event,
            _plain_line if Logger.plain else structlog.processors.JSONRenderer(sort_keys=True),
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
