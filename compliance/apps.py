from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "compliance"
    verbose_name = "合规"

    def ready(self) -> None:
        from compliance import demo, receivers  # noqa: F401
        from compliance.gate import receivers as gate_receivers
        from contacts.demo.registry import seeder

        gate_receivers.connect()
        seeder(demo.seed)
