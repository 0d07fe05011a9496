import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from scrm.stack import keys


class Command(BaseCommand):
    help = "Makes the archive's key pair where the demo and the sandbox look for it."

    def handle(self, *args: Any, **options: Any) -> None:
        keys.ensure(
            Path(settings.WECOM_ARCHIVE_KEYS_DIR), Path(os.environ["SANDBOX_PUBLIC_KEYS_DIR"])
        )
