"""Greetings: an approved content, a rule, and a new friend whose event has arrived."""

import re
import time

from django.conf import settings

from campaigns.models import ContentVersion, WelcomeRule
from campaigns.welcome import services
from channels.inbox import intake
from channels.models import Welcome
from contacts.models import Product
from scrm.accounts.models import User
from tests.factories import campaign
from tests.factories.cast import Cast
from tests.factories.wecom import Corp

BODY = "您好，我是{机构名称}的{经理姓名}，很高兴认识您。"


def version(
    cast: Cast, body: str = BODY, product: Product | None = None, link: str = ""
) -> ContentVersion:
    return campaign.version(cast, body, product=product, link=link)


def rule(
    cast: Cast,
    actor: User | None = None,
    body: str = BODY,
    scope: str = "branch",
    link: str = "",
    **target: object,
) -> WelcomeRule:
    """By default of 北京分行, the home of alice and amy."""
    plan = services.Plan(scope=scope, version=version(cast, body, link=link), **target)
    return services.welcome_rule_create(plan=plan, actor=actor or cast.admin)


def befriend(corp: Corp, userid: str = "alice", state: str = "", **fields: object) -> Welcome:
    """A stranger adds the employee in the sandbox; its event reaches our inbox."""
    corp.act("customer_add", userid=userid, state=state, **{"name": "新客", **fields})
    return arrived(corp)


def arrived(corp: Corp, corp_id: str = "") -> Welcome:
    newest = corp.get("callbacks", event="change_external_contact")["callbacks"][0]
    xml = newest["xml"]
    agent_id = str(settings.WECOM_AGENT_ID)
    intake.store(corp_id=corp_id or settings.WECOM_CORP_ID, agent_id=agent_id, xml=xml.encode())
    return Welcome.objects.latest("pk")


def event(code: str, userid: str = "alice", at: float | None = None, who: str = "wmNEW") -> Welcome:
    """An event made by hand, with any code at any time."""
    xml = (
        f"<xml><CreateTime>{int(at or time.time())}</CreateTime>"
        f"<Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType>"
        f"<UserID>{userid}</UserID><ExternalUserID>{who}</ExternalUserID>"
        f"<WelcomeCode>{code}</WelcomeCode></xml>"
    )
    intake.store(corp_id=settings.WECOM_CORP_ID, agent_id="1", xml=xml.encode())
    return Welcome.objects.latest("pk")


def code_of(xml: str) -> str:
    found = re.search(r"<WelcomeCode>(?:<!\[CDATA\[)?([\w-]+)", xml)
    assert found
    return found[1]
