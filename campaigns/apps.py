from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = "活动"

    def ready(self) -> None:
        from campaigns import wiring

        wiring.connect()
