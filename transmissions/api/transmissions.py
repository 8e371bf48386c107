"""The endpoints of transmissions (contract 10)."""

from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from momentum.api import parameters, responses
from momentum.api.bodies import read_body
from momentum.api.views import ApiView
from momentum.lib.errors import fault, refuse
from transmissions.actions import find
from transmissions.actions.cancel import cancel, cancel_campaign
from transmissions.actions.submit import Accepted, submit

_VIEW = ("transmissions/view", "transmissions/modify")
_MODIFY = ("transmissions/modify",)


class TransmissionsView(ApiView):
    """POST, list, and DELETE by campaign."""

    grants: ClassVar = {"GET": _VIEW, "POST": _MODIFY, "DELETE": _MODIFY}

    def post(self, request: Request) -> HttpResponse:
        """Accept a transmission."""
        keep_errors = parameters.integer(request, "num_rcpt_errors", minimum=0)
        # Callers with this header want faults of the language as events (contract 10 §8).
        check_syntax = request.headers.get("X-MSYS-OPT-IN") != "1" and not settings.ASYNC_VALIDATION
        return _accepted(submit(read_body(request), num_rcpt_errors=keep_errors, check_syntax=check_syntax))

    def get(self, request: Request) -> HttpResponse:
        """Summaries, by campaign and template if asked."""
        # Present but empty asks for transmissions without a campaign (contract 10 §11).
        is_empty = request.query_params.get("campaign_id") == ""
        campaign = "" if is_empty else parameters.text(request, "campaign_id")
        return responses.ok(find.listed(campaign, parameters.text(request, "template_id")))

    def delete(self, request: Request) -> HttpResponse:
        """Cancel a campaign."""
        campaign = parameters.text(request, "campaign_id")
        if campaign is None:
            raise refuse("1401", "campaign_id is required", param="campaign_id")
        cancel_campaign(campaign)
        return responses.no_content()


class TransmissionView(ApiView):
    """One transmission."""

    grants: ClassVar = {"GET": _VIEW, "DELETE": _MODIFY}

    def get(self, request: Request, transmission_id: str) -> HttpResponse:
        """Its state, counters and options."""
        return responses.ok({"transmission": find.shown(find.by_id(transmission_id))})

    def delete(self, request: Request, transmission_id: str) -> HttpResponse:
        """Cancel it while it is scheduled."""
        cancel(find.by_id(transmission_id))
        return responses.no_content()


def _accepted(accepted: Accepted) -> HttpResponse:
    results: dict[str, Any] = {
        "total_rejected_recipients": accepted.rejected,
        "total_accepted_recipients": accepted.accepted,
        "id": str(accepted.transmission_id),
    }
    if not accepted.rejected:
        return responses.ok(results)
    refused = [error.as_json() for error in accepted.errors]
    created = fault("2000", "message submitted for generation successfully").as_json()
    return responses.ok({"rcpt_to_errors": refused, **results}, errors=[created])
