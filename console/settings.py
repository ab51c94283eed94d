"""Django's settings, derived from functions.config. Two databases (control, telemetry), strict cookies and
content security policy; everything that is written lies under the home directory."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from functions.config import REPOSITORY, Config
from functions.keys import read_or_create_key

FUNCTORY = Config.from_environ()
BASE_DIR = REPOSITORY
SECRET_KEY = read_or_create_key(FUNCTORY.keys / "django").decode()
DEBUG = FUNCTORY.debug
ALLOWED_HOSTS = ["*"]  # both servers bind to loopback or to a named address; links use the public URL
CSRF_TRUSTED_ORIGINS = [FUNCTORY.console_public_url]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_rq",
    "functions",
    "runner",
    "console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "console.middleware.ContentSecurityPolicy",
    "console.middleware.Release",
    "console.middleware.StorableAddresses",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "console.middleware.PasswordChange",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "console.urls"
if FUNCTORY.web_role == "relay":
    # Web on its unix socket: programs' calls that the gateway has authenticated, and nothing else. No cookies,
    # no sessions, no pages.
    ROOT_URLCONF = "console.api.urls"
    MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
WSGI_APPLICATION = "console.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.context.page",
            ],
            "builtins": ["console.templatetags.units", "console.templatetags.commands"],
            "libraries": {},
        },
    }
]


# Web answers many requests with few threads: to open a database anew for each costs more than most pages' queries.
# Its caches are small, since every thread has one for each database.
SQLITE_KEPT_S, SQLITE_CACHE_KB = (60, 8_000) if FUNCTORY.is_web else (0, 32_000)


def database(url: str, path: Path) -> dict[str, object]:
    """A PostgreSQL URL as Django wants it, or SQLite in WAL mode at `path`."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                f"PRAGMA cache_size=-{SQLITE_CACHE_KB};",
            },
            "CONN_MAX_AGE": SQLITE_KEPT_S,
            # A file even in tests: threads of one test must see one database.
            "TEST": {"NAME": path.with_suffix(".test.sqlite3")},
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {
    "default": database(FUNCTORY.database_url, FUNCTORY.home / "control.sqlite3"),
    "telemetry": database(FUNCTORY.telemetry_database_url, FUNCTORY.home / "telemetry.sqlite3"),
}
DATABASE_ROUTERS = ["functions.databases.TelemetryRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

RQ_QUEUES = {
    name: {
        "URL": FUNCTORY.redis_address,
        "DEFAULT_TIMEOUT": seconds,
        "SERIALIZER": "rq.serializers.JSONSerializer",
    }
    for name, seconds in {"deploys": 1800, "events": 3600, "housekeeping": 600}.items()
}
RQ = {"SHOW_ADMIN_LINK": False}

AUTH_USER_MODEL = "functions.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "root"
LOGOUT_REDIRECT_URL = "login"

# Named apart from any name a function may set: the gateway strips these two from events and answers.
SESSION_COOKIE_NAME = "functory_session"
CSRF_COOKIE_NAME = "functory_csrf"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_USE_SESSIONS = False
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = FUNCTORY.console_public_url.startswith("https:")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 80 * 1024 * 1024  # a 50 MB zip arrives as base64 through the API
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = FUNCTORY.home / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "console.static_files.CollectedFiles"},
}
WHITENOISE_USE_FINDERS = DEBUG

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # What a caller did wrong is in the answer; here stands what went wrong with us.
        "django.request": {"level": "ERROR"},
        "rq.worker": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
    },
}
