"""The one place that builds a resolver: callers are checked first, every failure has its answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoRouteError

from lethe.api import auth, problems
from lethe.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = Response[str] | Response[bytes]


def resolver() -> APIGatewayRestResolver:
    """Return a resolver whose routes are open to whom `auth.ROUTES` names."""
    app = APIGatewayRestResolver(debug=False)

    def failed(error: Exception) -> Response[str]:
        return problems.answer(error, app.current_event.request_context.request_id or "")

    app.use([_guard])
    app.exception_handler(Exception)(failed)
    app.not_found(lambda _: failed(_no_route(app.current_event.path)))
    return app


def _guard(
    app: APIGatewayRestResolver, call: Callable[[APIGatewayRestResolver], Response[str]]
) -> Response[str]:
    """Admit the caller to the route; a route without a line in the table is none."""
    route = app.context["_route"]
    access = auth.ROUTES.get((route.method, route.path))
    if access is None:
        raise NoRouteError
    authorizer = app.current_event.raw_event.get("requestContext", {}).get("authorizer") or {}
    app.context["caller"] = auth.admit(authorizer.get("claims") or {}, access)
    return call(app)


def _no_route(path: str) -> NotFoundError | problems.MethodNotAllowedError:
    allowed = sorted(method for method, rule in auth.ROUTES if _matches(rule, path))
    if allowed:
        return problems.MethodNotAllowedError("Use a method that this path has.", tuple(allowed))
    return NotFoundError("There is no such path.")


def _matches(rule: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"<\w+>", "[^/]+", rule), path) is not None
