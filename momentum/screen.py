"""The screen with which `make run` ends: where to look, how to log in, and a command to paste."""

import json

from django.conf import settings
from django.urls import reverse

from momentum.first_run import Credentials

_TUTORIAL = {
    "options": {"open_tracking": True, "click_tracking": True},
    "return_path": "sender@example.com",
    "recipients": [{"address": {"email": "recipient@example.com"}}],
    "content": {
        "from": "sender@example.com",
        "subject": "Tracking Engagement",
        "text": "Welcome to Momentum!\r\nClick http://www.messagesystems.com to learn more about Momentum.",
    },
}


def welcome(credentials: Credentials | None) -> str:
    """The whole screen; without credentials (any later run) it says how to get new ones."""
    if credentials:
        login = f"{credentials.user} / {credentials.password}   (shown only now)"
        key, key_note = credentials.api_key, f"{credentials.api_key}   (shown only now)"
    else:
        login = "as before; forgotten: manage.py changepassword admin"
        key, key_note = (
            "$KEY",
            "as before; a new one: KEY=$(.venv/bin/python manage.py create_api_key --label mine --all-grants)",
        )
    base = settings.MOMENTUM_URL
    lines = [
        "",
        f"Momentum is running at {base}/admin/",
        "",
        f"  Log in as     {login}",
        f"  API key       {key_note}",
        f"  Engagement    {base}{reverse('reports:engagement')}",
    ]
    if settings.SMTP_URL is None:
        lines.append(f"  Sandbox mail  {base}{reverse('sandbox:mail')}   (no SMTP_URL is set: mail stays here)")
    return "\n".join([*lines, "", "Send a message:", "", _curl(base, key), "", "Ctrl-C stops everything.", ""])


def _curl(base: str, key: str) -> str:
    body = json.dumps(_TUTORIAL)
    return (
        f'curl -X POST {base}/api/v1/transmissions/ -H "Authorization: {key}" '
        f"-H \"Content-Type: application/json\" -d '{body}'"
    )
