import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from contacts.demo.world import wecom_world


class Command(BaseCommand):
    help = "Prints the demo bank's people as the WeCom sandbox's world (JSON)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("演示世界只能在演示设置下导出。")
        self.stdout.write(json.dumps(wecom_world(None), ensure_ascii=False))
