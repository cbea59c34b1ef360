"""One settings file. Everything that differs between installations comes from the environment."""

from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.bool("DEBUG", False)
EMBEDDED = env.bool("EMBEDDED", False)  # started by `make run` or `make test` with its own servers
BASE_URL = env.str("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / ".data")))

SECRET_KEY = env.str("SECRET_KEY")
FIELD_KEYS = env.list("FIELD_KEYS")  # Fernet keys, newest first: encrypt gateway secrets at rest
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY needs at least 50 characters.")

_HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(BASE_URL).hostname])
CSRF_TRUSTED_ORIGINS = [BASE_URL] if _HTTPS else []

INSTALLED_APPS = [
    "community",
    "notifications",
    "analytics",
    "credits",
    "billing",
    "payments",
    "membership",
    "config",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
    "django_structlog",
    "django_vite",
    "pgtrigger",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.probes",
    "config.middleware.null_bytes",
    "config.middleware.only_utf8",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.RequestLog",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "community.middleware.ways_of_the_reader",
    "community.middleware.location_of_the_page",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django_cotton.templatetags.cotton",
                "config.templatetags.deskmint",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "community.context_processors.frame",
            ],
        },
    }
]

# Postgres. Statements are bound and prepared by the server: an ORM query is planned once per
# connection. pgbouncer in transaction mode keeps none of that: docs/deploy.md.
_pooler = env.bool("DATABASE_POOLER", False)
_time_outs = (
    f"-c lock_timeout={env.int('DATABASE_LOCK_TIMEOUT_MS', 3000)}"
    f" -c statement_timeout={env.int('DATABASE_STATEMENT_TIMEOUT_MS', 15000)}"
    " -c idle_in_transaction_session_timeout=30000"
)
_kept = {"server_side_binding": True, "prepare_threshold": 1, "options": _time_outs}
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"] |= {
    "CONN_MAX_AGE": 0 if _pooler else env.int("DATABASE_CONN_MAX_AGE", 600),
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": _pooler,
    "OPTIONS": DATABASES["default"].get("OPTIONS", {}) | ({} if _pooler else _kept),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Valkey or Redis: rate limits and the task queue. Never the only copy of anything.
REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "config.cache.SharedCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
EVERY_3_SECONDS = {"schedule": 3, "options": {"expires": 3}}  # the next one does as well
EVERY_15_SECONDS = {"schedule": 15, "options": {"expires": 15}}
CELERY_BEAT_SCHEDULE = {
    "process waiting gateway events": {"task": "payments.tasks.sweep_events", "schedule": 15},
    "ask for events that did not come": {
        "task": "payments.tasks.fetch_missed_events",
        "schedule": 300,
    },
    "watch over payments": {"task": "payments.tasks.watch_payments", "schedule": 60},
    "ask about pending charges": {"task": "membership.tasks.sweep_charges", "schedule": 60},
    "look after transfers": {"task": "membership.tasks.sweep_transfers", "schedule": 300},
    "release cards that are not kept": {"task": "payments.tasks.sweep_cards", "schedule": 60},
    "let go of gateways that were left": {
        "task": "payments.tasks.sweep_disconnected",
        "schedule": 60,
    },
    "check gateway connections": {"task": "payments.tasks.check_connections", "schedule": 3600},
    "lapse credits": {"task": "credits.tasks.sweep_lapsed_lots", "schedule": 300},
    "forget old answers of the API": {"task": "community.tasks.forget_answers", "schedule": 3600},
    "make long exports": {"task": "community.tasks.make_next_export", "schedule": 15},
    "forget old exports": {"task": "community.tasks.forget_exports", "schedule": 3600},
    "pay bills by themselves": {"task": "membership.tasks.pay_bills", "schedule": 300},
    "close plan periods": {"task": "membership.tasks.close_periods", "schedule": 120},
    "mail documents": {"task": "membership.tasks.send_documents", **EVERY_15_SECONDS},
    "remind of unpaid bills": {"task": "membership.tasks.remind_of_bills", "schedule": 600},
    "send notifications": {"task": "notifications.tasks.send_notifications", **EVERY_3_SECONDS},
    "call webhooks": {"task": "notifications.tasks.send_webhooks", **EVERY_3_SECONDS},
    "forget old webhooks": {"task": "notifications.tasks.forget_webhooks", "schedule": 3600},
    "tell of bills": {"task": "billing.tasks.tell_of_bills", "schedule": 600},
    "warn of credits": {"task": "credits.tasks.warn_of_credits", "schedule": 300},
    "give up abandoned deliveries": {
        "task": "notifications.tasks.sweep_deliveries",
        "schedule": 60,
    },
    "mail waiting invitations": {"task": "membership.tasks.sweep_invitations", "schedule": 60},
}

# Who
AUTH_USER_MODEL = "community.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # emails are unique in any capitalisation, by constraint
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "community.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "community.forms.sign_up.SignUpForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # only in the browser that signed up
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_USER_DISPLAY = "community.adapter.name_of"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _HTTPS else "http"
PASSWORD_RESET_TIMEOUT = 3600

# Second factors. A passkey belongs to a domain: an address of numbers can't have any.
_HOST = urlsplit(BASE_URL).hostname or ""
PASSKEYS = not _HOST.replace(".", "").isdigit() and ":" not in _HOST
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", *(["webauthn"] if PASSKEYS else [])]
MFA_ADAPTER = "community.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "community.forms.second_factors.SecondFactorForm",
    "reauthenticate": "community.forms.second_factors.SecondFactorAgainForm",
    "add_webauthn": "community.forms.second_factors.PasskeyForm",
}
MFA_TOTP_ISSUER = "Deskmint"
MFA_TOTP_TOLERANCE = 1  # the code before and after, too; each once
MFA_PASSKEY_LOGIN_ENABLED = PASSKEYS
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _HTTPS
USERSESSIONS_TRACK_ACTIVITY = False

SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_NAME = "__Host-session" if _HTTPS else "session"
SESSION_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_NAME = "__Host-csrf" if _HTTPS else "csrf"
CSRF_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_HTTPONLY = True

# Headers
SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_HSTS_PRELOAD = _HTTPS
SECURE_REFERRER_POLICY = "same-origin"
if env.bool("TRUST_FORWARDED_PROTO", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies of ours wrote into X-Forwarded-For. 0: visitors are who connects.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", 0)
X_FRAME_OPTIONS = "DENY"

# Stripe, or whatever stands in its place
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "https://api.stripe.com")
METRICS_TOKEN = env.str("METRICS_TOKEN", "")  # who has it reads /metrics from anywhere
STRIPE_STANDIN_URL = env.str("STRIPE_STANDIN_URL", "")  # told by `make run`: no real money
# The release that our types of it are of (frontend/package.json): its options differ by release.
STRIPE_JS_URL = env.str("STRIPE_JS_URL", "https://js.stripe.com/endive/stripe.js")
STRIPE_TIMEOUT_SECONDS = env.int("STRIPE_TIMEOUT_SECONDS", 10)
_stripe_js = "{0.scheme}://{0.netloc}".format(urlsplit(STRIPE_JS_URL))
_stripe_api = "{0.scheme}://{0.netloc}".format(urlsplit(STRIPE_API_BASE))
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, _stripe_js],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, _stripe_js, _stripe_api],
        "frame-src": [_stripe_js, "https://hooks.stripe.com"],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# The API. Its views say the rest themselves.
REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "community.api.describing.Described"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Deskmint",
    "VERSION": "1",
    "DESCRIPTION": _("Credits, bills and members of a coworking location, for other software."),
    "SERVE_INCLUDE_SCHEMA": False,
    "AUTHENTICATION_WHITELIST": [],
    # It would look at rows, which are only there inside a location.
    "DISABLE_ERRORS_AND_WARNINGS": True,
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE_NAME},
        }
    },
}

# The admin's look. Its pages have a policy of their own: community/middleware.py.
UNFOLD = {
    "SITE_TITLE": "Deskmint",
    "SITE_HEADER": "Deskmint",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("favicon.svg")}
    ],
    "SIDEBAR": {"show_search": True},
    "COLORS": {
        "primary": {
            "50": "oklch(97% .02 165)",
            "100": "oklch(94% .04 165)",
            "200": "oklch(89% .08 165)",
            "300": "oklch(83% .12 164)",
            "400": "oklch(75% .13 163)",
            "500": "oklch(60% .12 163)",
            "600": "oklch(46% .1 163)",
            "700": "oklch(40% .09 163)",
            "800": "oklch(34% .075 163)",
            "900": "oklch(29% .06 165)",
            "950": "oklch(22% .04 168)",
        }
    },
}

# Words
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Files
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "frontend" / "dist"]
WHITENOISE_USE_FINDERS = EMBEDDED
WHITENOISE_AUTOREFRESH = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"/assets/.+-[\w-]{8}\.\w+$"  # Vite's hash is in the name
COTTON_ISOLATE_BY_DEFAULT = True
DJANGO_VITE = {"default": {"manifest_path": BASE_DIR / "frontend/dist/.vite/manifest.json"}}

# Mail: without EMAIL_URL messages are kept as files under the data folder.
EMAIL_TIMEOUT = 10  # seconds
if email_url := env.str("EMAIL_URL", ""):
    _mail = env.email_url_config(email_url)
    if _mail["EMAIL_BACKEND"].endswith(".smtp.EmailBackend"):
        _mail["EMAIL_BACKEND"] = "notifications.services.smtp.EmailBackend"
    globals().update(_mail)
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Deskmint <deskmint@localhost>")

# Web Push: without a key it is off. `make_push_key` makes one; whoever has it pushes as us.
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", "")
VAPID_CONTACT = env.str("VAPID_CONTACT", "mailto:" + parseaddr(DEFAULT_FROM_EMAIL)[1])
CALL_LOOPBACK = env.bool("CALL_LOOPBACK", False)  # lets tests be called at 127.0.0.1

# Logs: one line per event, JSON outside a terminal
_render = structlog.dev.ConsoleRenderer() if DEBUG else structlog.processors.JSONRenderer()
_shared = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.format_exc_info,
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": _render,
            "foreign_pre_chain": _shared,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", "INFO")},
    # stripe tells every call at INFO.
    "loggers": {name: {"level": "WARNING"} for name in ("django_structlog", "stripe")},
}
