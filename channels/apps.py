from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "channels"
    verbose_name = "渠道"

    def ready(self) -> None:
        from channels import checks, timeline  # noqa: F401
        from channels.codes import wiring

        wiring.connect()
        timeline.connect()
