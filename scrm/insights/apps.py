from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "scrm.insights"
    verbose_name = "经营看板"
