"""Entry of the web server for WeCom's callbacks alone. Checks run first, as in scrm.wsgi."""

import io
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings.production")
django.setup()

from django.core.management import call_command  # noqa: E402

from channels.inbox.wsgi import application  # noqa: E402

__all__ = ["application"]

call_command("check", databases=["default"], stdout=io.StringIO())
