from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "compliance"
    verbose_name = "合规"

    def ready(self) -> None:
        from compliance import demo, receivers  # noqa: F401
        from contacts.demo.registry import seeder

        seeder(demo.seed)
