"""Django for a process of one batch that only reads rows."""

from django.apps import AppConfig, apps
from django.conf import settings


def setup() -> None:
    """All models, but nothing of what apps connect when they are ready (signals, registries of
    pages): half of django.setup() would be spent on that. Nothing may be written from here."""
    configs = [AppConfig.create(name) for name in settings.INSTALLED_APPS]
    for config in configs:
        config.ready = _nothing  # type: ignore[method-assign]
    apps.populate(configs)


def _nothing() -> None:
    pass
