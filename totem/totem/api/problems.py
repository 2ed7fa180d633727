"""Errors as RFC 9457 problem details (``application/problem+json``), everywhere and without the caller's values."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from totem.logs import logger
from totem.services.errors import ProgramRefused, ServiceError

__all__ = ["MEDIA_TYPE", "Problem", "RefusalModel", "add_handlers", "problem_of", "problem_response"]

MEDIA_TYPE = "application/problem+json"

_log = logger("api")


class RefusalModel(BaseModel):
    """One reason why a program is refused."""

    line: int = Field(description="source line, from 1")
    column: int = Field(description="column in characters, from 1")
    code: str = Field(description="stable word such as import")
    message: str = Field(description="what and why")
    hint: str = Field(description="what to do; may be empty")


class InvalidField(BaseModel):
    """One part of a request that is not as the schema says."""

    place: str
    message: str


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it; ``code`` is the stable word for programs."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str | None = None
    refusals: list[RefusalModel] | None = None
    errors: list[InvalidField] | None = None


def problem_response(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """Return a problem+json response."""
    return JSONResponse(_document(status, detail, code, **more), status, headers=headers, media_type=MEDIA_TYPE)


def problem_of(error: ServiceError) -> dict[str, Any]:
    """Return the problem that says what a use case answers instead of a result."""
    refusals = [refusal.to_json() for refusal in error.refusals] if isinstance(error, ProgramRefused) else None
    return _document(error.http_status, error.message, error.code, hint=error.hint, refusals=refusals)


def _document(status: int, detail: str, code: str | None, **more: Any) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    word = code or title.lower().replace(" ", "_").replace("'", "")
    content = {"type": f"urn:totem:problem:{word}", "title": title, "status": status, "detail": detail, "code": word}
    return content | {key: value for key, value in more.items() if value}


def add_handlers(app: FastAPI) -> None:
    """Make every error of ``app`` a problem."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _bug)


async def _service_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ServiceError):  # only registered for ServiceError
        raise error
    headers = {"WWW-Authenticate": "Bearer"} if error.http_status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(problem_of(error), error.http_status, headers=headers, media_type=MEDIA_TYPE)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    # What was sent is not repeated: it may be a secret or a cell's value.
    found = [{"place": ".".join(str(part) for part in item["loc"]), "message": item["msg"]} for item in error.errors()]
    first = found[0] if found else {"place": "request", "message": "not valid"}
    detail = f"{first['place']}: {first['message']}"
    return problem_response(422, detail, code="invalid_request", hint=_body_hint(request, error), errors=found)


def _body_hint(request: Request, error: RequestValidationError) -> str:
    """Say what is missing where a JSON body was not taken as one."""
    whole_body = any(tuple(item["loc"]) == ("body",) for item in error.errors())
    sent = request.headers.get("content-type", "")
    return "send the header Content-Type: application/json" if whole_body and "json" not in sent else ""


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"there is nothing at {request.url.path}"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not allowed at {request.url.path}"
    return problem_response(error.status_code, detail, headers=dict(error.headers or {}))


async def _bug(request: Request, error: Exception) -> JSONResponse:
    _log.error("unexpected error", method=request.method, path=request.url.path, exc_info=error)
    return problem_response(500, "an unexpected error of the server; its log has the details", code="internal_error")
