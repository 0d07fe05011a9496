from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "compliance"
    verbose_name = "合规"

    def ready(self) -> None:
        from channels.doctor.facts import register_key_versions
        from compliance import containment, demo, optout, parameters, receivers  # noqa: F401
        from compliance.archive.keys import key_versions
        from compliance.gate import receivers as gate_receivers
        from contacts.demo.registry import seeder

        gate_receivers.connect()
        register_key_versions(key_versions)
        seeder(demo.seed)
