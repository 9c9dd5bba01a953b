"""Django's settings. What differs between machines comes from the environment: see docs/reference/settings.md."""

import os
from pathlib import Path
from typing import Any

from fourfold.platform.database.where import ROLE_NAMES, Role, data_folder, is_embedded, place, source_root
from fourfold.platform.ui.csp import POLICY
from fourfold.platform.ui.navigation import Entry

DATA = data_folder()
PRODUCTION = os.environ.get("FOURFOLD_PRODUCTION", "") == "1"
DEMONSTRATION = not PRODUCTION
DEBUG = os.environ.get("FOURFOLD_DEBUG", "") == "1" and not PRODUCTION
REGION = os.environ.get("FOURFOLD_REGION", "north_west")
REGIONS = Path(os.environ.get("FOURFOLD_REGIONS", source_root() / "regions"))


def _secret_key() -> str:
    """The key that signs sessions: from the environment in production, else one made once and kept with the data."""
    given = os.environ.get("FOURFOLD_SECRET_KEY")
    if given:
        return given
    if PRODUCTION:
        raise SystemExit("Set FOURFOLD_SECRET_KEY to a long random text before starting in production.")
    kept = DATA / "secret_key"
    if not kept.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(os.urandom(48).hex().encode())
    return kept.read_text()


SECRET_KEY = _secret_key()
HOSTS = os.environ.get("FOURFOLD_HOSTS", "")
if PRODUCTION and not HOSTS:
    raise SystemExit("Set FOURFOLD_HOSTS to the host names that are served before starting in production.")
ALLOWED_HOSTS = [host.strip() for host in (HOSTS or "localhost,127.0.0.1,[::1],testserver").split(",") if host.strip()]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("FOURFOLD_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "fourfold.platform.people",
    "fourfold.platform.visibility",
    "fourfold.platform.history",
    "fourfold.platform.audit",
    "fourfold.platform.reference",
    "fourfold.platform.jobs",
    "fourfold.platform.ui",
    "fourfold.pole",
    "fourfold.intake",
    "fourfold.threats",
    "fourfold.assessments",
    "fourfold.plans",
    "fourfold.disruptions",
    "fourfold.exchange",
    "fourfold.performance",
    "fourfold.search",
    "fourfold.network",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "fourfold.platform.visibility.middleware.VisibilityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "fourfold.platform.ui.head.HeadAsGet",
]

ROOT_URLCONF = "fourfold.entry.urls"
WSGI_APPLICATION = "fourfold.entry.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": False,
        "DIRS": [
            source_root() / "src" / "fourfold" / room / "templates"
            for room in (
                "entry",
                "threats",
                "assessments",
                "plans",
                "disruptions",
                "exchange",
                "performance",
                "search",
                "network",
                "intake",
                "pole",
                "platform/people",
                "platform/audit",
                "platform/reference",
                "platform/ui",
            )
        ],
        "OPTIONS": {
            "environment": "fourfold.platform.ui.jinja.environment",
            "context_processors": [
                "django.template.context_processors.csp",
                "django.contrib.messages.context_processors.messages",
                "fourfold.platform.ui.shell.shell",
            ],
        },
    }
]

# What this process connects as. Only `fourfold db migrate` and `fourfold manage` set "owner"; only the demonstration's
# builder and the tests of history set "simulation".
DATABASE_ROLE: Role = os.environ.get("FOURFOLD_DATABASE_ROLE", "app")  # type: ignore[assignment]
if DATABASE_ROLE not in ROLE_NAMES:
    raise SystemExit(f"FOURFOLD_DATABASE_ROLE is {DATABASE_ROLE}; it can be owner, app or simulation.")
_place = place(DATABASE_ROLE)
_pool: dict[str, Any] = {}
if os.environ.get("FOURFOLD_POOL"):
    _pool = {"pool": {"min_size": 1, "max_size": int(os.environ["FOURFOLD_POOL"]), "timeout": 10}}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _place.host,
        "PORT": _place.port,
        "NAME": _place.name,
        "USER": _place.user,
        "ATOMIC_REQUESTS": True,
        "PASSWORD": _place.password,
        "CONN_MAX_AGE": 0 if _pool else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**dict(_place.options), **_pool, "prepare_threshold": None},
    }
}
EMBEDDED_DATABASE = is_embedded()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["fourfold.platform.people.backends.PasswordBackend"]
LOGIN_URL = "people:sign_in"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 12
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "fourfold.platform.ui.errors.csrf_failure"
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    # Anybody can send the header; it is believed only where a proxy is said to stand in front that writes it anew.
    BEHIND_TLS = os.environ.get("FOURFOLD_BEHIND_TLS", "") == "1"
    SECURE_SSL_REDIRECT = not BEHIND_TLS
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
    SECURE_HSTS_SECONDS = 31_536_000
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SECURE_CSP = POLICY
NAVIGATION = (
    Entry("My work", "home:work"),
    Entry("Threats", "threats:list", capability="threat.read"),
    Entry("Picture", "pole:events", capability="person.read"),
    Entry("Disruptions", "disruptions:list", capability="threat.read"),
    Entry("Performance", "performance:threats", capability="threat.read"),
    Entry("Intake", "intake:sources", capability="intake.read"),
    Entry(
        "Exchange",
        "exchange:start",
        capability="exchange.use",
        more=True,
        hint="Threats, assessments and disruptions to and from a workbook for the national system.",
    ),
    Entry(
        "Pair reviews",
        "pole:review",
        capability="identity.judge",
        more=True,
        hint="Records that may be of one person, side by side: same, different or unsure.",
    ),
    Entry(
        "Pair reviews of things",
        "pole:thing_review",
        capability="identity.judge",
        more=True,
        hint="Records that may be of one vehicle, phone, address or organisation, side by side.",
    ),
    Entry(
        "Matches of restricted records",
        "pole:deconfliction",
        capability="identity.judge",
        more=True,
        hint="Your own restricted records that match records of others, and whom to ask.",
    ),
    Entry(
        "Moderation",
        "assessments:moderation",
        capability="threat.moderate",
        more=True,
        hint="Assessments to moderate by their clock, how far scores agree, and threats that changed since.",
    ),
    Entry(
        "Assessments",
        "assessments:list",
        capability="threat.read",
        more=True,
        hint="Every assessment and how far it has come; themes ranked for the control strategy; scoring models.",
    ),
    Entry(
        "Plans",
        "plans:list",
        capability="threat.read",
        more=True,
        hint="Every 4P plan: how good it is, what is overdue, and what it lacks.",
    ),
    Entry(
        "My actions",
        "plans:my_actions",
        capability="threat.read",
        more=True,
        hint="What I am to do in plans, and those that I answer for.",
    ),
    Entry(
        "Menu of tactics",
        "plans:tactics",
        capability="threat.read",
        more=True,
        hint="What can be done, who can help, what to watch out for, and what it did before.",
    ),
    Entry(
        "Shared with us",
        "plans:with_us",
        capability="plan.act",
        more=True,
        hint="What we are asked to do, and what others share with us from their plans.",
    ),
    Entry(
        "Network",
        "network:between",
        capability="person.read",
        more=True,
        hint="What connects two people. A person's page and a threat's have their own networks.",
    ),
    Entry("Ledger", "audit:who_looked", more=True, hint="Who read, searched, changed and exported what, and why."),
)

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where there is none
WHITENOISE_USE_FINDERS = DEMONSTRATION
WHITENOISE_MAX_AGE = 60 if DEMONSTRATION else 31_536_000
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
FOURFOLD_DATA = DATA
INTAKE_FOLDER = Path(os.environ.get("FOURFOLD_INTAKE", DATA / "intake"))
INTAKE_MOST_BYTES = int(os.environ.get("FOURFOLD_INTAKE_MOST_BYTES", str(2 * 1024**3)))
# Notices by e-mail that something is due, without its content. None are sent while there is no address to send from.
NOTICES_FROM = os.environ.get("FOURFOLD_NOTICES_FROM", "")
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": os.environ.get("FOURFOLD_EMAIL_HOST", "localhost"),
            "port": int(os.environ.get("FOURFOLD_EMAIL_PORT", "25")),
            "timeout": 10,
        },
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
