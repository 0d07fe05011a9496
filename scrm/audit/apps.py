from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "scrm.audit"
    verbose_name = "审计"
