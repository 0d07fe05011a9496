from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "channels"
    verbose_name = "渠道"

    def ready(self) -> None:
        from channels import checks, timeline  # noqa: F401
        from channels.codes import wiring
        from channels.tags.push import on_tags_wanted
        from contacts.signals import tags_wanted

        wiring.connect()
        timeline.connect()
        tags_wanted.connect(on_tags_wanted, dispatch_uid="channels.tags")
