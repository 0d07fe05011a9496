"""Only for collecting static files while an image is built; it can serve nothing."""

from scrm.settings.base import *  # noqa: F403

SECRET_KEY = "static files need no secret"  # noqa: S105
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
