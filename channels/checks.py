"""System checks: the web server refuses to start on applications that cannot be read."""

from typing import Any

from django.core.checks import Error, register

from channels.inbox import forgetting
from channels.providers.wecom.applications import problems


@register()
def wecom_applications(app_configs: Any, **_: Any) -> list[Error]:
    return [Error(text, id="channels.E001") for text in problems()]


@register()
def inbox_keeping(app_configs: Any, **_: Any) -> list[Error]:
    text = forgetting.problem()
    return [Error(text, id="channels.E002")] if text else []
