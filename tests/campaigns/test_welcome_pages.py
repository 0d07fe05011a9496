"""Welcome rules: who may set them for whom, and what they may say."""

import pytest
from django.test import Client

from campaigns.models import WelcomeRule
from campaigns.welcome import services
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError
from tests.factories import welcome as factory
from tests.factories.cast import Cast, product

URL = "/campaigns/welcome/"


def test_a_rule_is_made_changed_and_switched_by_its_branch(cast: Cast, sign_in) -> None:
    client: Client = sign_in(cast.admin)
    assert "还没有欢迎语" in client.get(URL).content.decode()
    version = factory.version(cast)
    form = {"branch": cast.beijing.pk, "version": version.pk}
    assert client.post(f"{URL}new/", form).status_code == 302
    rule = WelcomeRule.objects.get()
    assert (rule.branch, rule.is_active, rule.target) == (cast.beijing, True, "北京分行")
    below = {"branch": cast.dongcheng.pk, "version": version.pk}
    assert client.post(f"{URL}{rule.pk}/", below).status_code == 302
    rule.refresh_from_db()
    assert rule.target == "东城支行"
    client.post(f"{URL}{rule.pk}/switch/", {"on": "0"})
    rule.refresh_from_db()
    assert not rule.is_active
    page = client.get(URL).content.decode()
    assert "停用" in page
    actions = AuditEvent.objects.filter(action__startswith="welcome.").order_by("pk")
    assert [row.action for row in actions] == ["welcome.create", "welcome.update", "welcome.switch"]


def test_one_active_rule_for_each_target(cast: Cast, sign_in) -> None:
    first = factory.rule(cast)
    form = {"branch": cast.beijing.pk, "version": factory.version(cast).pk}
    answer = sign_in(cast.admin).post(f"{URL}new/", form)
    assert "已有启用的欢迎语" in answer.content.decode()
    services.welcome_rule_switch(rule=first, on=False, actor=cast.admin)
    assert sign_in(cast.admin).post(f"{URL}new/", form).status_code == 302
    with pytest.raises(BusinessError):
        services.welcome_rule_switch(rule=first, on=True, actor=cast.admin)


def test_other_branches_rules_are_hidden_and_higher_ones_read_only(cast: Cast, sign_in) -> None:
    ours = factory.rule(cast, body="北京的欢迎语")
    above = factory.rule(cast, cast.hq, body="总行的欢迎语", branch=cast.head)
    page = sign_in(cast.admin).get(URL).content.decode()
    assert "北京的欢迎语" in page
    assert "总行的欢迎语" in page
    assert f"{URL}{ours.pk}/" in page
    assert f"{URL}{above.pk}/" not in page
    assert sign_in(cast.admin).get(f"{URL}{above.pk}/").status_code == 403
    other = sign_in(cast.admin_shanghai)
    page = other.get(URL).content.decode()
    assert "北京的欢迎语" not in page
    assert "总行的欢迎语" in page
    assert other.get(f"{URL}{ours.pk}/").status_code == 404


@pytest.mark.parametrize("target", ["branch", "user"])
def test_nobody_sets_a_rule_for_others(cast: Cast, sign_in, target: str) -> None:
    version = factory.version(cast)
    form = {
        "branch": {"branch": cast.shanghai.pk, "version": version.pk},
        "user": {"user": cast.bob.pk, "version": version.pk},
    }[target]
    scope = {"branch": "branch", "user": "employee"}[target]
    answer = sign_in(cast.admin).post(f"{URL}new/?scope={scope}", form)
    assert answer.status_code == 200
    assert not WelcomeRule.objects.exists()
    with pytest.raises(BusinessError):
        services.welcome_rule_create(
            plan=services.Plan("branch", version, branch=cast.head), actor=cast.admin
        )


def test_only_words_for_strangers_may_greet(cast: Cast) -> None:
    def make(version) -> None:
        services.welcome_rule_create(
            plan=services.Plan("branch", version, branch=cast.beijing), actor=cast.admin
        )

    with pytest.raises(BusinessError, match="不能使用变量"):
        make(factory.version(cast, "{客户称呼}您好"))
    with pytest.raises(BusinessError, match="不带产品"):
        make(factory.version(cast, "您好", product(2)))
    for field, value in (("channels", ["mass_send"]), ("tiers", ["private"])):
        version = factory.version(cast)
        setattr(version, field, value)
        version.save()
        with pytest.raises(BusinessError, match="可用于欢迎语"):
            make(version)
    from tests.factories import campaign

    with pytest.raises(BusinessError, match="已过审"):
        make(campaign.version(cast, "您好", approved=False))


def test_the_preview_shows_words_and_link(cast: Cast, sign_in) -> None:
    version = factory.version(cast, "我是{经理姓名}", link="https://bank.example/hello")
    client = sign_in(cast.admin)
    query = f"?version={version.pk}&user={cast.amy.pk}"
    page = client.get(f"{URL}preview/{query}").content.decode()
    assert "我是孙悦" in page
    assert "https://bank.example/hello" in page
    hidden = client.get(f"{URL}preview/?version={version.pk}&user={cast.bob.pk}").content.decode()
    assert "还没有客户经理" in hidden
    assert "请选择素材" in client.get(f"{URL}preview/").content.decode()
    personal = factory.version(cast, "{客户称呼}")
    assert "不能使用变量" in client.get(f"{URL}preview/?version={personal.pk}").content.decode()


def test_employees_and_channels_have_forms_of_their_own(cast: Cast, sign_in) -> None:
    client, version = sign_in(cast.admin), factory.version(cast)
    page = client.get(f"{URL}new/?scope=employee").content.decode()
    assert "id_user" in page
    assert "id_branch" not in page
    client.post(f"{URL}new/?scope=employee", {"user": cast.alice.pk, "version": version.pk})
    client.post(f"{URL}new/?scope=channel", {"channel_state": "lobby", "version": version.pk})
    made = WelcomeRule.objects.order_by("pk")
    assert [(rule.scope, rule.target, rule.branch) for rule in made] == [
        ("employee", "陈静怡", cast.dongcheng),
        ("channel", "渠道 lobby", cast.beijing),
    ]
