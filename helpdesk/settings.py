"""Settings. What differs between installations comes from the environment (contract.md)."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from helpdesk import logs

ROOT = Path(__file__).resolve().parent.parent
env = environ.Env()
if (ROOT / ".env").exists():
    env.read_env(ROOT / ".env")

DEFAULT_SECRET = "only-for-a-first-look-" + "x" * 40  # refused outside loopback, see below
SECRET_KEY = env.str("SECRET_KEY", DEFAULT_SECRET)
DEBUG = env.bool("DEBUG", False)
DATA_DIR = Path(env.str("DATA_DIR", str(ROOT / "var")))
BASE_URL = env.str("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
FIELD_KEYS = env.str("FIELD_KEYS", "")
SYSTEM_CHANNEL = env.str("SYSTEM_CHANNEL", "")
OUTBOUND_ALLOW = env.list("OUTBOUND_ALLOW", default=[])
REDIS_URL = env.str("REDIS_URL", "")
INSTALLATION = urlsplit(BASE_URL).hostname or "localhost"
SECURE = BASE_URL.startswith("https://")
LOOPBACK = INSTALLATION in {"127.0.0.1", "localhost", "::1"}
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[INSTALLATION, "127.0.0.1", "localhost", "[::1]"])

if not LOOPBACK and (SECRET_KEY == DEFAULT_SECRET or len(SECRET_KEY) < 50):
    raise ImproperlyConfigured(
        "SECRET_KEY must be set to at least 50 random characters when BASE_URL is not loopback"
    )
if not LOOPBACK and DEBUG:
    raise ImproperlyConfigured("DEBUG must be off when BASE_URL is not loopback")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "template_partials",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "inbox",
    "integrations.email",
    "integrations.intercom",
    "integrations.pagerduty",
    "integrations.slack",
    "integrations.github",
    "integrations.livechat",
    "integrations.zendesk",
    "integrations.greenhouse",
    "integrations.youtube",
    "integrations.crm_import",
    "integrations.commonroom",
    "integrations.hubspot",
]
MIDDLEWARE = [
    "inbox.web.middleware.request_log",
    "inbox.web.middleware.headers",
    "inbox.web.middleware.webhooks",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "inbox.web.factor.AskForFactor",
    "inbox.web.veil.veiled",
]
ROOT_URLCONF = "helpdesk.urls"
WSGI_APPLICATION = "helpdesk.wsgi.application"
ASGI_APPLICATION = "helpdesk.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["inbox.web.tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
    {  # for rows of lists alone, and only where it is asked for by its name
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {"environment": "inbox.web.lists.environment"},
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ------------------------------------------------------------------ database
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
    "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=2000;",
}
EMBEDDED_DATABASE = not os.environ.get("DATABASE_URL")
if EMBEDDED_DATABASE:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "switchboard.sqlite3",
            "OPTIONS": SQLITE_OPTIONS,
        }
    }
else:
    database: dict[str, Any] = env.db("DATABASE_URL")
    DATABASES = {"default": database}
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = SQLITE_OPTIONS
    else:
        database.setdefault("OPTIONS", {}).update(
            # a database that is away must answer 503 within two seconds, not hang
            connect_timeout=2,
            options="-c statement_timeout=15000 -c lock_timeout=10000",
            pool={"min_size": 1, "max_size": env.int("DATABASE_POOL", 8), "timeout": 2},
        )

# ------------------------------------------------------------------ cache, sessions, accounts
CACHES = {
    "default": {
        "BACKEND": "inbox.common.caching.SteadyCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 0.3},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
AUTH_USER_MODEL = "inbox.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_ADAPTER = "inbox.web.session.ClosedSignup"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_RATE_LIMITS = {
    "login": "100/5m/ip",
    "login_failed": "50/5m/ip,10/5m/key",
    "reset_password": "20/h/ip,5/h/key",
}
MFA_ADAPTER = "inbox.web.session.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses of accounts are set by administrators
MFA_TOTP_ISSUER = "Switchboard"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOOPBACK and not SECURE
SOCIALACCOUNT_ADAPTER = "inbox.web.joining.Joining"
SOCIALACCOUNT_QUERY_EMAIL = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
SESSION_COOKIE_NAME = "__Host-sessionid" if SECURE else "sessionid"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_NAME = "__Host-csrftoken" if SECURE else "csrftoken"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_SSL_REDIRECT = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 365 * 86400 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-src": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# ------------------------------------------------------------------ language, time, files
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_I18N = False
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [ROOT / "static"]
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 31_000_000
FILE_UPLOAD_PERMISSIONS = 0o600

# ------------------------------------------------------------------ Celery
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_TASK_ROUTES = {
    "inbox.process_delivery": {"queue": "intake"},
    "inbox.poll": {"queue": "intake"},
    "inbox.fetch": {"queue": "bulk"},
    "inbox.history": {"queue": "bulk"},
    "inbox.playbook": {"queue": "outbound"},
    "inbox.deliver": {"queue": "outbound"},
    "inbox.webhook": {"queue": "bulk"},
    "inbox.tick": {"queue": "clocks"},
    "inbox.sweep": {"queue": "clocks"},
    "inbox.reports": {"queue": "bulk"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 120,
        "socket_timeout": 3,
        "socket_connect_timeout": 0.3,
        # a ring that fails, fails at once: rows are the queue
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    }
    if REDIS_URL
    else {"polling_interval": 0.05}
)
# The schedule is code: an admin cannot break the sweep. Seconds.
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "inbox.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "tick": {"task": "inbox.tick", "schedule": 15.0, "options": {"expires": 15}},
    "poll": {"task": "inbox.poll_due", "schedule": 10.0, "options": {"expires": 10}},
    "fold": {"task": "inbox.fold", "schedule": 60.0, "options": {"expires": 60}},
    "reports": {"task": "inbox.reports", "schedule": 60.0, "options": {"expires": 60}},
}

# ------------------------------------------------------------------ API
API_RATE_PER_MINUTE = env.int("API_RATE_PER_MINUTE", 6000)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["inbox.api.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["inbox.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "inbox.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Switchboard",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

LOGGING_CONFIG = None
logs.configure(json_lines=not (sys.stderr.isatty() or DEBUG), level=env.str("LOG_LEVEL", "INFO"))
