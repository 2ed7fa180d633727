"""The REST API: the application, its documentation, and how it is served.

It listens on loopback unless told otherwise; whoever opens it to a network puts TLS in front of it.
"""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi

from totem.api import catalogue, jobs, ledger, models
from totem.api.context import ApiContext, only_known_parameters
from totem.api.limits import BodyLimit
from totem.api.problems import MEDIA_TYPE, Problem, add_handlers

__all__ = ["create_app"]

_PROBLEMS = {
    "400": "the request can't be read at all",
    "401": "no bearer token, or one that is not valid",
    "403": "the caller's certificate, or the dataset's policy, does not allow it",
    "404": "there is no such thing",
    "409": "the state on the ledger does not allow it now",
    "413": "the body is too large",
    "422": "the request or the program is not accepted; the problem says why",
}


def create_app(context: ApiContext) -> FastAPI:
    """Return the API as an ASGI application."""
    app = FastAPI(
        title="TOTEM",
        summary="Priced, metered MapReduce on data that must not leave the house.",
        version="1",
        openapi_url="/v1/openapi.json",
        docs_url="/v1/docs",
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.context = context
    app.add_middleware(BodyLimit)
    add_handlers(app)
    for part in (catalogue, jobs, ledger):
        app.include_router(part.router, dependencies=[Depends(only_known_parameters)])

    @app.get("/v1/health", response_model=models.Health, tags=["server"])
    def health() -> Any:
        """Tell that the server answers."""
        return {"status": "ok"}

    app.openapi = lambda: _documented(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return app


def _documented(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, in which every operation names the problems that it can answer."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = get_openapi(title=app.title, summary=app.summary, version=app.version, routes=app.routes)
    schemas = document["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            if path == "/v1/health":
                continue
            for status, description in _PROBLEMS.items():
                operation["responses"][status] = {"description": description, "content": content}
    app.openapi_schema = document
    return document
