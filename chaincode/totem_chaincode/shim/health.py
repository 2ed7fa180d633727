"""Health: gRPC's standard health service (``grpc.health.v1.Health/Check``), for supervisors and load balancers.

Its two messages are declared here: the package that has them wants another major version of protobuf than Fabric's
messages do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

__all__ = ["SERVICES", "health_handler"]

SERVICES = ("", "protos.Chaincode")
"""The names that can be asked for; the empty one is the whole server."""

_SERVING = 1
_NOT_SERVING = 2
_PACKAGE = "grpc.health.v1"


def _messages() -> tuple[Any, Any]:
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="totem/health.proto", package=_PACKAGE, syntax="proto3")
    request = file.message_type.add(name="HealthCheckRequest")
    request.field.add(name="service", number=1, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    response = file.message_type.add(name="HealthCheckResponse")
    # An enum on the wire; only its number is needed.
    response.field.add(name="status", number=1, type=field.TYPE_INT32, label=field.LABEL_OPTIONAL)
    # A pool of its own: in the default one these names may be taken.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    classes = [
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in ("HealthCheckRequest", "HealthCheckResponse")
    ]
    return classes[0], classes[1]


_Request, _Response = _messages()


def health_handler(is_serving: Callable[[], bool]) -> grpc.GenericRpcHandler:
    """Return the health service; ``is_serving`` says whether new transactions are taken."""

    def check(request: Any, context: grpc.ServicerContext) -> Any:
        if request.service not in SERVICES:
            context.abort(grpc.StatusCode.NOT_FOUND, f"there is no service {request.service!r} here")
        return _Response(status=_SERVING if is_serving() else _NOT_SERVING)

    handler = grpc.unary_unary_rpc_method_handler(
        check, request_deserializer=_Request.FromString, response_serializer=_Response.SerializeToString
    )
    return grpc.method_handlers_generic_handler(f"{_PACKAGE}.Health", {"Check": handler})
