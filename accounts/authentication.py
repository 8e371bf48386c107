"""Who calls: the glue between DRF and the API keys (contract 00 §2)."""

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import actions, grants, sources
from momentum.api.principal import Principal
from momentum.lib.errors import ApiError, Fault

# With authentication switched off every caller is the primary account with all grants.
ANYBODY = Principal("authentication is switched off", grants.ALL)


class ApiKeyAuthentication(BaseAuthentication):
    """Reads the Authorization header; a header that is there but names no living key is a refusal."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        if not settings.API_AUTHENTICATION:
            return ANYBODY, ANYBODY
        authorization: str = request.META.get("HTTP_AUTHORIZATION", "")
        if not authorization.strip():
            return None
        api_key = actions.find_key(authorization)
        if api_key is None:
            raise AuthenticationFailed
        if not sources.is_allowed(request.META.get("REMOTE_ADDR", ""), api_key.valid_ips):
            raise ApiError(403, Fault("1100", "Forbidden", "This API key may not be used from this address"))
        actions.note_use(api_key)
        principal = Principal(api_key.label, grants.effective(api_key.grants), api_key.pk)
        return principal, principal
