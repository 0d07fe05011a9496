"""Entry of the web server. Database checks run first: production does not serve with demo logins."""

import io
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings.production")
application = get_wsgi_application()

from django.core.management import call_command  # noqa: E402

call_command("check", databases=["default"], stdout=io.StringIO())
