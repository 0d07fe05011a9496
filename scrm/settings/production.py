"""Production: refuses to start on anything that is only fit for a demonstration."""

from django.core.exceptions import ImproperlyConfigured

from scrm import env, local
from scrm.settings.runtime import *  # noqa: F403
from scrm.settings.runtime import (
    CHAIN_KEYS,
    FIELD_KEYS,
    INDEX_KEY,
    SEAL_KEY,
    SECRET_KEY,
    SIGNING_KEYS,
)

DEBUG = False
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = 31536000
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}


def _refuse_unsafe() -> None:
    if env.flag("DEBUG"):
        raise ImproperlyConfigured("DEBUG must not be set in production.")
    for name, value in {
        "SECRET_KEY": SECRET_KEY,
        "INDEX_KEY": INDEX_KEY,
        "SEAL_KEY": SEAL_KEY,
    }.items():
        if len(value) < 32 or local.DEFAULT_MARK in value:
            raise ImproperlyConfigured(f"{name} is a default or shorter than 32 characters.")
    for name, keys in {
        "FIELD_KEYS": FIELD_KEYS,
        "CHAIN_KEYS": CHAIN_KEYS,
        "SIGNING_KEYS": SIGNING_KEYS,
    }.items():
        if not keys or any(local.DEFAULT_MARK in key or ":" not in key for key in keys):
            raise ImproperlyConfigured(f"{name} is empty, malformed or holds a default key.")


_refuse_unsafe()
