"""The demo bank: DEBUG off like production, but known logins and generated local secrets."""

from scrm import local

local.set_environment_defaults()

from scrm.settings.runtime import *  # noqa: E402, F403

DEMO = True
DEBUG = False
WHITENOISE_USE_FINDERS = True
AUTH_PASSWORD_VALIDATORS = []
# The demo must be able to send at any hour of the day it is shown.
QUIET_HOURS = ""
QUIET_WEEKDAYS = ""
# Static files are served from where they lie; nothing is collected.
STATIC_ROOT = None  # type: ignore[assignment]
