import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Brings up the demo bank with every process; Ctrl-C ends them all."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--customers", type=int, default=int(os.environ.get("CUSTOMERS", "5000"))
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("演示银行只能在演示设置下启动。")
        from scrm import local
        from scrm.stack import demo

        web, callbacks, sandbox = local.ports()
        demo.check_ports({"网页": web, "回调": callbacks, "企业微信模拟器": sandbox})
        redis = demo.redis_port()
        demo.prepare(options["customers"])
        sys.exit(
            demo.serve(
                web_port=web, callback_port=callbacks, sandbox_port=sandbox, redis_port=redis
            )
        )
