"""What campaigns add to the demo bank. Everything goes through the services, four eyes included."""

import datetime
from random import Random

from django.utils import timezone

from campaigns import services
from campaigns.library import services as library
from campaigns.models import Campaign, ContentVersion, Script
from campaigns.welcome import services as welcome
from compliance import review
from compliance.models import Review
from contacts.models import Product, Segment
from scrm.accounts.models import Branch, User

CAMPAIGN = "到期理财承接（本周）"
_SITE = "https://bank.example/m/"
_CONTENTS = (
    (
        "到期承接·稳健理财",
        "您好，我是{机构名称}的{经理姓名}。您有产品近期到期，我们整理了几款风险等级相符的产品说明，点开可查看期限、风险等级与费用：{链接}\n理财非存款，产品有风险，投资须谨慎。",
        "wealth",
        2,
    ),
    (
        "大额存单预约通知",
        "您好，本月大额存单开放预约，期限与利率以网点公示为准，点击查看：{链接}\n如需预约可直接回复我。{经理姓名}",
        "deposit",
        1,
    ),
    (
        "信用卡生活权益",
        "本月生活权益已更新：加油、商超满减与机场停车，查看规则：{链接}\n{机构名称} {经理姓名}",
        "",
        0,
    ),
    (
        "风险测评更新提醒",
        "您好，您的风险测评即将到期。为保障您的权益，请本人在手机银行或网点重新测评：{链接}",
        "",
        0,
    ),
    (
        "基金定投知识月",
        "您好，本月投资者教育活动围绕“定投如何平滑波动”，欢迎查看：{链接}\n基金有风险，过往业绩不代表未来表现。",
        "fund",
        3,
    ),
)
_GREETING = (
    "您好，我是{机构名称}的客户经理{经理姓名}，很高兴认识您。账户、理财、贷款方面的问题都可以在这里问我。\n"
    "温馨提示：银行不会向您索要密码或验证码。"
)
_SCRIPTS = (
    (
        "到期承接",
        "到期前三天提醒",
        "您好，您有一笔产品即将到期，资金会自动回到账户。您方便的话，我把几款风险等级相符的产品说明发给您参考。",
    ),
    (
        "到期承接",
        "客户想要更高收益",
        "收益和风险是相伴的。咱们先看一下您的风险测评和资金用途，再一起挑合适的，好吗？",
    ),
    (
        "首次添加",
        "自我介绍",
        "您好，我是您的客户经理。账户、理财、贷款方面的问题都可以在这里问我，我会在工作时间尽快回复。",
    ),
    (
        "风险提示",
        "客户问是否保本",
        "理财产品不承诺保本，净值会有波动。若您更看重安全，可以了解存款类产品。",
    ),
    (
        "异议处理",
        "客户说别家利率高",
        "不同产品期限和风险不一样，直接比数字容易误判。我把两边的要点列给您，您来决定。",
    ),
    ("生日关怀", "生日祝福", "祝您生日快乐，平安顺遂！生日月的权益已经在手机银行里，您记得领取。"),
    (
        "沉睡唤醒",
        "久未联系",
        "好久没联系您了，最近一切都好吗？手机银行新上了几项便民服务，需要的话我给您介绍。",
    ),
    (
        "安全提醒",
        "防诈骗",
        "温馨提醒：银行不会向您索要验证码或密码，遇到这类要求请直接挂断并联系我或官方客服。",
    ),
)


def seed(rng: Random) -> None:
    """Called once by the demo bank's maker, after the lexicon is in force."""
    author = User.objects.get(username="hq")
    officer = User.objects.get(username="officer2")
    head = Branch.objects.get(parent=None)
    Script.objects.bulk_create(
        Script(scene=scene, title=title, body=body, branch=head) for scene, title, body in _SCRIPTS
    )
    versions = [_content(entry, author, rng) for entry in _CONTENTS]
    for version in versions[:4]:
        library.version_submit(version=version, actor=author)
        _approve(library.KIND, version.pk, officer)
    library.version_submit(version=versions[4], actor=author)
    _campaigns(versions, officer)
    _greeting(author, officer, head)


def _greeting(author: User, officer: User, head: Branch) -> None:
    """What a new friend of any manager is greeted with."""
    draft = library.Draft(
        title="初次见面",
        body=_GREETING,
        link_url="",
        product=None,
        valid_until=timezone.localdate() + datetime.timedelta(days=365),
    )
    version = library.content_create(draft=draft, actor=author)
    library.version_submit(version=version, actor=author)
    _approve(library.KIND, version.pk, officer)
    version.refresh_from_db()
    plan = welcome.Plan("branch", version, branch=head)
    welcome.welcome_rule_create(plan=plan, actor=author)


def _content(entry: tuple[str, str, str, int], author: User, rng: Random) -> ContentVersion:
    title, body, kind, grade = entry
    fitting = (
        [p for p in Product.objects.filter(kind=kind) if p.risk_grade <= grade] if kind else []
    )
    draft = library.Draft(
        title=title,
        body=body,
        link_url=f"{_SITE}{rng.randrange(10_000)}",
        product=rng.choice(fitting) if fitting else None,
        valid_until=timezone.localdate() + datetime.timedelta(days=60),
    )
    return library.content_create(draft=draft, actor=author)


def _approve(kind: str, object_id: int, officer: User) -> None:
    row = Review.objects.get(kind=kind, object_id=object_id, state=Review.State.OPEN)
    review.review_approve(review=row, actor=officer, reason="内容合规")


def _campaigns(versions: list[ContentVersion], officer: User) -> None:
    """One approved and ready to launch, one waiting for the officer, one draft."""
    admin = User.objects.get(username="admin")
    segments = list(Segment.objects.order_by("pk"))
    names = (CAMPAIGN, "大额存单预约", "生活权益回馈")
    made = [
        _campaign(name, segments[place % len(segments)], versions[place], admin)
        for place, name in enumerate(names)
    ]
    for campaign in made[:2]:
        services.campaign_submit(campaign=campaign, actor=admin)
    _approve(services.KIND, made[0].pk, officer)


def _campaign(name: str, segment: Segment, version: ContentVersion, admin: User) -> Campaign:
    plan = services.Plan(
        name=name,
        segment=segment,
        versions=[version],
        holdout_percent=10,
        ends_on=timezone.localdate() + datetime.timedelta(days=7),
    )
    return services.campaign_create(plan=plan, actor=admin)
