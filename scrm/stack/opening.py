"""Brings a fresh demo bank to life: friends in WeCom, a full sync, a running campaign, chats."""

import time

from django.conf import settings
from django.core.management.base import CommandError

from campaigns import demo as campaigns_demo
from campaigns import services
from campaigns.models import Campaign
from channels.models import SyncRun
from channels.providers.wecom.sandbox_control import SandboxControl
from channels.sync import walk
from contacts.demo.world import wecom_world
from scrm.accounts.models import User

_PEOPLE = {"enabled": True, "seed": 7, "speed": 4, "risky_rate": 0.15, "chat_per_minute": 2}


def open_day(customers: int | None = None) -> None:
    """Loads the sandbox's world, syncs it, launches the campaign. Once per demo bank."""
    sandbox = SandboxControl(settings.WECOM_API_URL)
    head_office = User.objects.get(username="hq")
    if not SyncRun.objects.filter(state=SyncRun.State.DONE).exists():
        sandbox.post("world", {**wecom_world(customers), "replace": True})
        _sync(head_office)
    campaign = Campaign.objects.filter(name=campaigns_demo.CAMPAIGN).first()
    if campaign is not None and campaign.state == Campaign.State.APPROVED:
        services.campaign_launch(campaign=campaign, actor=campaign.owner)
    sandbox.post("people", _PEOPLE)


def _sync(actor: User) -> None:
    run = SyncRun.objects.filter(state=SyncRun.State.RUNNING).first() or walk.start(actor=actor)
    deadline = time.monotonic() + 300
    while run.state == SyncRun.State.RUNNING:
        if time.monotonic() > deadline:
            raise CommandError("首次同步 5 分钟内没有完成，请查看 worker 的输出。")
        time.sleep(0.5)
        run.refresh_from_db()
    if run.state != SyncRun.State.DONE:
        raise CommandError(f"首次同步失败：{run.error}")
