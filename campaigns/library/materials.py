"""Writes of materials, and what an approval of one covers."""

import datetime
import hashlib
import json
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from campaigns.library.models import CHANNELS, Material
from channels.media.files import file_keep
from channels.models import MediaFile
from compliance import review
from compliance.registry import Frozen, Terms
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.actors import Actor
from scrm.core.errors import BusinessError

Kind, State = Material.Kind, Material.State
KIND = "material"
# By what means it can go out today.
_CHANNELS = ("welcome",)
_CARD_TITLE_BYTES = 64


@dataclass(frozen=True, slots=True)
class MaterialDraft:
    """name and content are those of the file; of a mini-program, of the picture on its card."""

    kind: str
    title: str
    name: str
    content: bytes
    valid_until: datetime.date
    appid: str = ""
    page: str = ""


def _validated(draft: MaterialDraft) -> None:
    if draft.valid_until < timezone.localdate():
        raise BusinessError("有效期不能早于今天。", code="valid_until")
    if draft.kind != Kind.MINIPROGRAM:
        return
    if not draft.appid or not draft.page:
        raise BusinessError("小程序要填写 AppID 和页面。", code="appid")
    if len(draft.title.encode()) > _CARD_TITLE_BYTES:
        raise BusinessError("小程序卡片标题超过企业微信的 64 字节上限，请缩短。", code="title")


@transaction.atomic
def material_create(*, draft: MaterialDraft, actor: User) -> Material:
    """Kept and submitted in one step; raises BusinessError."""
    _validated(draft)
    is_card = draft.kind == Kind.MINIPROGRAM
    kind = MediaFile.Kind.IMAGE if is_card else draft.kind
    material = Material.objects.create(
        kind=draft.kind,
        title=draft.title,
        file=file_keep(kind=kind, name=draft.name, content=draft.content),
        appid=draft.appid if is_card else "",
        page=draft.page if is_card else "",
        branch=actor.branch,
        owner=actor,
        valid_until=draft.valid_until,
    )
    record("material.create", actor=actor, obj=material, after=freeze(material).view)
    review.review_submit(
        kind=KIND, obj=material, title=f"附件：{material.title}", branch=actor.branch, actor=actor
    )
    return material


@transaction.atomic
def material_withdraw(*, material: Material, actor: User, reason: str = "") -> None:
    """Out of use with the next greeting: the gate looks at the state each time."""
    review.review_lock(kind=KIND, object_id=material.pk)
    material = Material.objects.select_for_update().get(pk=material.pk)
    if material.state not in {State.IN_REVIEW, State.APPROVED}:
        raise BusinessError("只有审批中或已通过的附件可以撤回。")
    if material.state == State.IN_REVIEW:
        review.review_withdraw(kind=KIND, object_id=material.pk, actor=actor)
    material.state = State.WITHDRAWN
    material.save(update_fields=["state"])
    record("material.withdraw", actor=actor, obj=material, reason=reason)


def load(pk: int) -> Material:
    """Without the bytes: their digest stands beside them."""
    return Material.objects.select_related("file").defer("file__content").get(pk=pk)


def freeze(material: Material) -> Frozen:
    """What an approval covers: every byte of the file, its name, the card and its target."""
    view = {
        "类型": str(material.get_kind_display()),
        "标题": material.title,
        "文件名": material.file.name,
        "文件指纹": material.file.digest,
        "大小": material.file.size,
        "小程序": material.appid,
        "小程序页面": material.page,
        "生效日期": material.valid_from.isoformat(),
        "有效期至": material.valid_until.isoformat(),
        "使用渠道": "、".join(CHANNELS[code] for code in _CHANNELS),
    }
    content = json.dumps(view, ensure_ascii=False, sort_keys=True)
    return Frozen(hashlib.sha256(content.encode()).hexdigest(), view, words(material))


def words(material: Material) -> str:
    """What of it can be read without opening it. What the file itself says, a person reviews."""
    return f"{material.title}\n{material.file.name}"


def terms(material: Material) -> Terms:
    return Terms(material.valid_from, material.valid_until, _CHANNELS)


def on_decision(material: Material, outcome: str, actor: Actor) -> None:
    Material.objects.filter(pk=material.pk, state=State.IN_REVIEW).update(state=outcome)
