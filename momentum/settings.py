"""Every setting of the installation, read from the environment in this one file (README, "Variables").

Anything wrong in the environment is an ImproperlyConfigured that names the variable.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

from momentum import embedded
from momentum.lib.kept import kept_secret
from tracking import keys
from tracking.addresses import TrustedProxies
from tracking.limits import DEFAULT_LIMIT
from tracking.personal import HitAddresses
from transmissions.delivery import server as relay

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

# A hundred years: dates before the first event there is must remain dates.
_MOST_DAYS = 36_500
BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def _read(variable: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (ValueError, TypeError, ImproperlyConfigured) as problem:
        raise ImproperlyConfigured(f"{variable}: {problem}") from problem


def _at_least(least: int, value: int) -> int:
    if value < least:
        raise ImproperlyConfigured(f"expected at least {least}")
    return value


def _switch(variable: str, *, default: bool) -> bool:
    """On or off; unlike env.bool, which takes any word it does not know for off."""
    value: str = env.str(variable, default="").strip().lower()
    known = {"": default, **dict.fromkeys(("on", "true", "yes", "1"), True)}
    known |= dict.fromkeys(("off", "false", "no", "0"), False)
    if value not in known:
        raise ImproperlyConfigured(f"{variable}: expected on or off")
    return known[value]


def _choice(variable: str, choices: type[E], default: E) -> E:
    text: str = env.str(variable, default="").strip().lower()
    if text and text not in list(choices):
        raise ImproperlyConfigured(f"{variable}: expected one of {', '.join(choices)}")
    return choices(text) if text else default


def _days(variable: str, default: int) -> int:
    days: int = _read(variable, lambda: env.int(variable, default=default))
    if not 1 <= days <= _MOST_DAYS:
        raise ImproperlyConfigured(f"{variable}: expected a number of days from 1 to {_MOST_DAYS}")
    return days


def _url(variable: str, default: str | None, schemes: tuple[str, ...]) -> str | None:
    value: str | None = env.str(variable, default="") or default
    if value is not None and urlsplit(value).scheme not in schemes:
        raise ImproperlyConfigured(f"{variable}: expected a URL of the form {schemes[0]}://…")
    return value


def _required_when_clustered(variable: str) -> str:
    value: str = env.str(variable, default="")
    if not value and DATABASE_URL is not None:
        raise ImproperlyConfigured(f"{variable} is required once DATABASE_URL is set: all hosts have to share it")
    return value


PORT = _read("PORT", lambda: env.int("PORT", default=8000))
MOMENTUM_HOME = Path(env.str("MOMENTUM_HOME", default="") or BASE_DIR / "var").absolute()
DEBUG = _switch("DEBUG", default=False)
MOMENTUM_URL = str(_url("MOMENTUM_URL", f"http://127.0.0.1:{PORT}", ("http", "https"))).rstrip("/")
TRACKING_HOST = env.str("TRACKING_HOST", default="") or f"127.0.0.1:{PORT + 1}"

# Off: every caller of the API is the primary account with all grants (contract 00 §2).
API_AUTHENTICATION = _switch("API_AUTHENTICATION", default=True)
# On: faults of the template language in a POST become generation failures instead of a refusal (contract 10 §8).
ASYNC_VALIDATION = _switch("ASYNC_VALIDATION", default=False)

# How long data is kept (docs/operations.md, "What is kept how long"). Every link works for a year: its message's
# events are kept a little longer, so that a late hit still finds what it belongs to.
EVENTS_KEPT_DAYS = _days("EVENTS_KEPT_DAYS", 400)
HIT_DETAILS_KEPT_DAYS = _days("HIT_DETAILS_KEPT_DAYS", 90)
MESSAGES_KEPT_DAYS = _days("MESSAGES_KEPT_DAYS", 30)
METRICS_KEPT_DAYS = _days("METRICS_KEPT_DAYS", 190)
# How much of a reader's address is stored: all of it, its network, or nothing.
HIT_ADDRESSES = _choice("HIT_ADDRESSES", HitAddresses, HitAddresses.FULL)

# How long work of a killed worker waits for another one; what is being worked on is renewed every few seconds.
WORK_LEASE_SECONDS = _read("WORK_LEASE_SECONDS", lambda: _at_least(15, env.int("WORK_LEASE_SECONDS", default=90)))

DATABASE_URL = _url("DATABASE_URL", None, ("postgres", "postgresql", "psql", "pgsql"))
REDIS_URL = _url("REDIS_URL", None, ("redis", "rediss", "unix"))
CELERY_BROKER_URL = _url(
    "CELERY_BROKER_URL", None, ("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps")
)
SMTP_URL = _url("SMTP_URL", None, ("smtp", "smtps"))
if SMTP_URL:
    try:
        relay.from_url(SMTP_URL)
    except relay.RelayUrlError as problem:
        raise ImproperlyConfigured(str(problem)) from problem
# Without SMTP_URL mail goes to the sandbox, a local SMTP server beside the web process and the tracker.
SANDBOX_ADDRESS = ("127.0.0.1", PORT + 2)

SECRET_KEY = _required_when_clustered("SECRET_KEY") or kept_secret(MOMENTUM_HOME / "keys" / "secret_key")
# "" when the keyring is the file that tracking.keys makes and keeps in MOMENTUM_HOME.
TRACKING_KEYS = _required_when_clustered("TRACKING_KEYS")
if TRACKING_KEYS:
    _read("TRACKING_KEYS", lambda: keys.load(MOMENTUM_HOME, TRACKING_KEYS))
# Whose X-Forwarded-For is believed, and how many clicks one address may make in 10 seconds (0: any number).
TRUSTED_PROXIES = _read("TRUSTED_PROXIES", lambda: TrustedProxies.from_text(env.str("TRUSTED_PROXIES", default="")))
TRACKER_CLICK_LIMIT = _read("TRACKER_CLICK_LIMIT", lambda: env.int("TRACKER_CLICK_LIMIT", default=DEFAULT_LIMIT))
ALLOWED_HOSTS = [host.strip() for host in _required_when_clustered("ALLOWED_HOSTS").split(",") if host.strip()]
ALLOWED_HOSTS = ALLOWED_HOSTS or [
    *("localhost", "127.0.0.1", "[::1]"),
    *filter(None, (urlsplit(MOMENTUM_URL).hostname, urlsplit(f"//{TRACKING_HOST}").hostname)),
]
CSRF_TRUSTED_ORIGINS = [MOMENTUM_URL]

DATABASES: dict[str, dict[str, Any]] = {
    "default": _read(
        "DATABASE_URL",
        lambda: env.db("DATABASE_URL") if DATABASE_URL else embedded.database_settings(MOMENTUM_HOME),
    )
}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
REDIS_LOCATION = REDIS_URL or f"unix://{embedded.redis_socket(MOMENTUM_HOME)}"

INSTALLED_APPS = [
    "momentum.apps.MomentumConfig",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "accounts",
    "tracking",
    "transmissions",
    "reports",
    "sandbox",
]

MIDDLEWARE = [
    "momentum.api.middleware.ApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "momentum.urls"
WSGI_APPLICATION = "momentum.wsgi.application"
# A redirected POST loses its body (contract 00 §1): both spellings of every path are routed.
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
# Contract 00 §3: 25 MiB bodies are accepted whole; the API measures them itself.
DATA_UPLOAD_MAX_MEMORY_SIZE = 50 * 1024 * 1024

# CSV files of recipient lists are written here piece by piece while they are received.
UPLOAD_FOLDER = MOMENTUM_HOME / "uploads"
UPLOAD_MAX_BYTES = _read("UPLOAD_MAX_MB", lambda: env.int("UPLOAD_MAX_MB", default=200)) * 1024 * 1024

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = MOMENTUM_HOME / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns about a folder that is not there
# Static files are found in the installed packages: `make run` needs no collectstatic.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = MOMENTUM_URL.startswith("https:")
SECURE_CONTENT_TYPE_NOSNIFF = True
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("reports:engagement")

CELERY_BROKER_URL = CELERY_BROKER_URL or REDIS_URL or f"redis+socket://{embedded.redis_socket(MOMENTUM_HOME)}"
# The database is the truth: a task is only a hint, its result is nobody's business.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 10, "socket_connect_timeout": 3}
CELERY_TASK_DEFAULT_QUEUE = "momentum"
CELERY_BEAT_SCHEDULE_FILENAME = str(MOMENTUM_HOME / "beat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # A look that nobody got to in time is worth nothing: the next one sees the same.
    "look for due work": {"task": "transmissions.look", "schedule": 2.0, "options": {"expires": 10}},
    "follow unsubscribes and bounces": {
        "task": "transmissions.follow",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    "keep partitions": {"task": "tracking.keep_partitions", "schedule": 3600.0, "options": {"expires": 3000}},
    "erase people": {"task": "transmissions.erase", "schedule": 60.0, "options": {"expires": 50}},
    # Each of these finds nothing to do most of the time. What an installation that is switched off at night would
    # miss once a day, it does within the hour.
    "drop hit details": {"task": "tracking.drop_hit_details", "schedule": 3600.0, "options": {"expires": 3000}},
    "forget transmissions": {"task": "transmissions.forget", "schedule": 3600.0, "options": {"expires": 3000}},
    "forget metrics": {"task": "reports.forget", "schedule": 86_400.0, "options": {"expires": 43_200}},
    "forget sessions": {"task": "accounts.forget_sessions", "schedule": 3600.0, "options": {"expires": 3000}},
}
CELERY_TIMEZONE = "UTC"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Momentum",
    "SITE_HEADER": "Momentum",
    "SITE_SYMBOL": "mail",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("momentum/icon.svg")},
    ],
    # The blue of the reports' funnel.
    "COLORS": {
        "primary": {
            "50": "#f0f9ff",
            "100": "#e0f2fe",
            "200": "#bae6fd",
            "300": "#7dd3fc",
            "400": "#38bdf8",
            "500": "#0ea5e9",
            "600": "#0284c7",
            "700": "#0369a1",
            "800": "#075985",
            "900": "#0c4a6e",
            "950": "#082f49",
        },
    },
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "THEME": None,
    "SIDEBAR": {"show_search": False, "navigation": "momentum.navigation.sidebar"},
}
