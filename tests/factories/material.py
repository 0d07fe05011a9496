"""Materials: uploaded, reviewed and attached through the real services."""

import datetime

from django.utils import timezone

from campaigns.library import materials
from campaigns.models import Material, WelcomeRule
from campaigns.welcome import services
from channels.sandbox.state.media import tiny_png
from scrm.accounts.models import User
from tests.factories import campaign
from tests.factories import welcome as greetings
from tests.factories.cast import Cast

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
FILES = {
    "image": ("海报.png", tiny_png()),
    "file": ("手册.pdf", PDF),
    "video": ("介绍.mp4", b"\x00\x00\x00\x18ftypmp42" + b"0" * 64),
    "miniprogram": ("封面.png", tiny_png(colour=(9, 9, 9))),
}


def draft(kind: str = "image", **changed: object) -> materials.MaterialDraft:
    name, content = FILES[kind]
    card = {"appid": "wx123", "page": "pages/index"} if kind == "miniprogram" else {}
    facts = {
        "kind": kind,
        "title": f"{Material.Kind(kind).label}一",
        "name": name,
        "content": content,
        "valid_until": timezone.localdate() + datetime.timedelta(days=30),
    }
    return materials.MaterialDraft(**{**facts, **card, **changed})


def material(
    cast: Cast,
    kind: str = "image",
    actor: User | None = None,
    approved: bool = True,
    **changed: object,
) -> Material:
    made = materials.material_create(draft=draft(kind, **changed), actor=actor or cast.admin)
    if approved:
        campaign.approve(cast, materials.KIND, made.pk)
    made.refresh_from_db()
    return made


def rule(cast: Cast, *attached: Material, link: str = "") -> WelcomeRule:
    plan = services.Plan(
        scope="branch",
        version=greetings.version(cast, greetings.BODY, link=link),
        materials=attached,
    )
    return services.welcome_rule_create(plan=plan, actor=cast.admin)
