from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "scrm.core"

    def ready(self) -> None:
        from scrm.core import lookups

        lookups.register()
