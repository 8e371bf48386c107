"""The base of every API endpoint: the checks before the handler, and the envelope around what goes wrong."""

import logging
from typing import Any, ClassVar, cast

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from momentum.api import responses
from momentum.api.headers import check_accept, check_content_type, check_subaccount
from momentum.api.principal import NOBODY, Principal
from momentum.api.streams import has_body
from momentum.lib.errors import ApiError, Fault, fault, refuse

logger = logging.getLogger(__name__)

_HANDLED = ("get", "post", "put", "patch", "delete")


class ApiView(APIView):
    """An endpoint under the conventions of contract 00.

    Subclasses write handlers (`get`, `post` …) that return a response of momentum.api.responses or raise ApiError,
    and declare for each the grants that open it:

    `grants`: HTTP method -> machine names, any of which opens it; () where no key is needed (a wrong key is still
    401). HEAD goes with GET. A handler without an entry is a TypeError when the class is made.
    `media_types`: what POST and PUT take besides an empty body.
    `ignores_subaccount`: True for metrics and events, whose callers use a query parameter (contract 00 §10).
    """

    grants: ClassVar[dict[str, tuple[str, ...]]] = {}
    media_types: ClassVar[tuple[str, ...]] = ("application/json",)
    ignores_subaccount: ClassVar[bool] = False

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        undeclared = [method for method in _HANDLED if hasattr(cls, method) and method.upper() not in cls.grants]
        if undeclared:
            raise TypeError(f"{cls.__name__} does not say which grants open {', '.join(undeclared)}")

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The checks in the order of contract 00 §6: method, key, subaccount, grant, media types."""
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in self.allowed_methods:
            raise self._method_refused(method)
        if method == "OPTIONS":
            return
        principal = self._authenticated(request, key_needed=bool(self.grants[method]))
        if not self.ignores_subaccount:
            check_subaccount(request)
        self._check_grant(principal, self.grants[method])
        if method in ("POST", "PUT") and has_body(request):
            check_content_type(request, self.media_types)
        check_accept(request)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        return responses.json_answer({}, headers={"Allow": ", ".join(self.allowed_methods)})

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """The envelope for anything that a check or a handler raised."""
        if not isinstance(exc, ApiError):
            exc = self._as_api_error(exc)
        return responses.errors(exc.status, exc.faults, results=exc.results, headers=exc.headers)

    def _authenticated(self, request: Request, *, key_needed: bool) -> Principal:
        principal = cast(Principal | None, request.user)
        if principal is None:
            if key_needed:
                raise NotAuthenticated
            principal = NOBODY
            request.user = principal  # type: ignore[assignment]
        return principal

    def _check_grant(self, principal: Principal, opening: tuple[str, ...]) -> None:
        if opening and principal.grants.isdisjoint(opening):
            lacking = " or ".join(opening)
            raise ApiError(403, Fault("1100", "Forbidden", f"This API key lacks the grant {lacking}"))

    def _method_refused(self, method: str) -> ApiError:
        detail = fault("1102", f"{method[:20]} is not offered here")
        return ApiError(405, detail, headers={"Allow": ", ".join(self.allowed_methods)})

    def _as_api_error(self, problem: Exception) -> ApiError:
        match problem:
            case AuthenticationFailed() | NotAuthenticated():
                return ApiError(401, Fault("", "Unauthorized"), headers={"WWW-Authenticate": 'Bearer realm="api"'})
            case PermissionDenied():
                return refuse("1100", "not allowed")
            case Http404():
                return refuse("1600", str(problem))
            case RequestDataTooBig():
                return refuse("1300", "the request is too large", status=413)
        request: HttpRequest | None = getattr(self.request, "_request", None)
        logger.error("%s %r failed", self.request.method, self.request.path, exc_info=problem)
        if isinstance(problem, DatabaseError):
            return refuse("1501" if request and request.method in ("GET", "HEAD") else "1500")
        return ApiError(500, Fault("1500", "internal error", "the request could not be completed"))
