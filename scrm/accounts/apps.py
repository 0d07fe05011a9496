from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "scrm.accounts"
    verbose_name = "员工与机构"

    def ready(self) -> None:
        from scrm.accounts import checks, receivers  # noqa: F401
