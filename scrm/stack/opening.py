"""Brings a fresh demo bank to life: friends in WeCom, a full sync, a running campaign, chats."""

import time
from collections.abc import Callable

from django.conf import settings
from django.core.management.base import CommandError

from campaigns import demo as campaigns_demo
from campaigns import services
from campaigns.models import Campaign
from channels.codes import demo as codes_demo
from channels.models import ContactWay, GroupCode, SyncRun
from channels.providers.wecom.sandbox_control import SandboxControl
from channels.sync import walk
from contacts.demo.world import wecom_world
from contacts.models import Follow, GroupChat
from scrm.accounts.models import User

_SAID_BY_RMS = (
    "这款您放心，保本保息，到期一分不少，我给您打包票。",
    "行里微信不方便，您加我私人微信，细说。",
    "麻烦把刚收到的验证码发我一下，我帮您把流程走完。",
    "额度只剩最后几户了，收益全市第一，今天不买就没了。",
    "测评您照着我说的选就行，等级上去才买得了。",
)
_ASKED = (
    "在吗？我那笔理财快到期了，有什么安排吗？",
    "请问周六网点上班吗？想过去改一下预留手机号。",
)
_PEOPLE = {
    "enabled": True,
    "seed": 7,
    "speed": 4,
    "risky_rate": 0.15,
    "chat_per_minute": 2,
    "played_members": ["rm001"],
}


def open_day(customers: int | None = None) -> None:
    """Loads the sandbox's world, syncs it, launches the campaign. Once per demo bank."""
    sandbox = SandboxControl(settings.WECOM_API_URL)
    head_office = User.objects.get(username="hq")
    done = SyncRun.objects.filter(state=SyncRun.State.DONE, kind=_KINDS[-1])
    if not done.exists():
        sandbox.post("world", {**wecom_world(customers), "replace": True})
        _sync(head_office)
    if not ContactWay.objects.exists():
        _open_codes(sandbox)
    campaign = Campaign.objects.filter(name=campaigns_demo.CAMPAIGN).first()
    if campaign is not None and campaign.state == Campaign.State.APPROVED:
        services.campaign_launch(campaign=campaign, actor=campaign.owner)
        _talk(sandbox)
    sandbox.post("people", _PEOPLE)


def _open_codes(sandbox: SandboxControl) -> None:
    """After the walk: the codes carry states that the demo world's customers came with."""
    codes_demo.open_codes()
    group = {"action": "group_create", "owner": "rm001", "name": "财富沙龙 1 群", "members": []}
    chat_id = sandbox.post("act", group)["chat_id"]
    chats = GroupChat.objects.filter(chat_id=chat_id)
    _wait(chats.exists, "新建的客户群没有通过回调到达")
    codes_demo.open_group_code([chat_id])
    _wait(lambda: "" not in _hung(), "活码没有推送到企业微信模拟器")
    for number, config_id in enumerate(_hung() * 3, 1):
        scanned = {"action": "scan", "config_id": config_id, "name": f"扫码客户{number}"}
        sandbox.post("act", scanned)


def _hung() -> list[str]:
    """config_ids of the codes in use; empty ones are not at WeCom yet."""
    ways = ContactWay.objects.filter(state=ContactWay.State.ACTIVE)
    groups = GroupCode.objects.filter(state=GroupCode.State.ACTIVE)
    return [row.config_id for row in (*ways, *groups)]


def _wait(done: Callable[[], bool], otherwise: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise CommandError(f"{otherwise}，请查看 worker 的输出。")
        time.sleep(0.5)


def _talk(sandbox: SandboxControl) -> None:
    """A morning in the demo branch: RMs who say what they must not, customers who wait."""
    branch = User.objects.get(username="officer").branch
    follows = Follow.objects.filter(
        state=Follow.State.ACTIVE, user__branch__path__startswith=branch.path
    ).select_related("user", "contact")
    others = list(follows.exclude(user__username="rm").order_by("contact_id")[: len(_SAID_BY_RMS)])
    mine = list(follows.filter(user__username="rm").order_by("contact_id")[: len(_ASKED)])
    for follow, text in zip(others, _SAID_BY_RMS, strict=False):
        _say(sandbox, str(follow.user.wecom_userid), follow.contact.external_userid, text)
    for follow, text in zip(mine, _ASKED, strict=False):
        _say(sandbox, follow.contact.external_userid, str(follow.user.wecom_userid), text)


def _say(sandbox: SandboxControl, speaker: str, listener: str, text: str) -> None:
    sandbox.post("act", {"action": "say", "from": speaker, "to": listener, "text": text})


# People before what they are in: groups know their members by then.
_KINDS = (SyncRun.Kind.ORG, SyncRun.Kind.TAGS, SyncRun.Kind.CONTACTS, SyncRun.Kind.GROUPS)


def _sync(actor: User) -> None:
    for kind in _KINDS:
        running = SyncRun.objects.filter(kind=kind, state=SyncRun.State.RUNNING).first()
        _await(running or walk.start(kind=kind, actor=actor))


def _await(run: SyncRun) -> None:
    deadline = time.monotonic() + 300
    while run.state == SyncRun.State.RUNNING:
        if time.monotonic() > deadline:
            raise CommandError("首次同步 5 分钟内没有完成，请查看 worker 的输出。")
        time.sleep(0.5)
        run.refresh_from_db()
    if run.state != SyncRun.State.DONE:
        raise CommandError(f"首次同步失败：{run.error}")
