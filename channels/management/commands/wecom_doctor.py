from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels.doctor import run
from channels.doctor.finding import State
from scrm.core.actors import SYSTEM


class Command(BaseCommand):
    help = "Checks the connection with WeCom; ends with 1 when anything fails."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = run.examine(actor=SYSTEM)
        for row in findings:
            self.stdout.write(f"[{row.state.label}] {row.name}：{row.found}")
            if row.mend:
                self.stdout.write(f"        处理办法：{row.mend}")
        failed = run.counts(findings)[State.FAIL]
        if failed:
            raise CommandError(f"{failed} 项异常。", returncode=1)
