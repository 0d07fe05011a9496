"""Every typed method against the sandbox, which checks requests as the contract says."""

import pytest

from channels.providers.wecom.api import WeCom, identity
from channels.sandbox.registry import registry
from tests.channels.wecom.conftest import fill, origin_of, wecom_of
from tests.channels.wecom.stories import STORIES, Story
from tests.factories.wecom import Corp

# What the product has no use for: writing the directory, older twins, and the archive's records,
# which have their own driver.
UNUSED = {
    "user/create",
    "user/update",
    "user/delete",
    "department/create",
    "batch/invite",
    "user/getuserinfo",
    "externalcontact/unionid_to_external_userid",
    "sandbox/msgaudit/getchatdata",
    "sandbox/msgaudit/getmediadata",
}


@pytest.fixture(autouse=True)
def _addresses(settings, bank: Corp) -> None:
    settings.WECOM_OAUTH_URL = settings.WECOM_LOGIN_URL = origin_of(bank)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_noun_does_what_it_says(api: WeCom, bank: Corp, story: Story) -> None:
    fill(bank)
    story(api, bank)


def test_no_endpoint_is_forgotten(corp: Corp, settings) -> None:
    settings.WECOM_OAUTH_URL = settings.WECOM_LOGIN_URL = origin_of(corp)
    api = wecom_of(corp)
    for story in STORIES:
        fill(corp)
        story(api, corp)
    called = set(corp.get("stats")["calls"])
    assert set(registry.endpoints) - called == UNUSED


def test_signature_of_the_vendors_example() -> None:
    """The example of WeCom's JS-SDK page."""
    ticket = (
        "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    )
    signature = identity.signed(
        ticket, "http://mp.weixin.qq.com?params=value#top", "Wm3WZYTPz0wzccnW", 1414587457
    )
    assert signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def test_customers_without_a_relation_are_an_empty_list(api: WeCom, bank: Corp) -> None:
    fill(bank)
    bank.act("member_join", userid="newcomer", name="新员工")
    assert api.customers.ids("newcomer") == []
    bank.fault("errcode", "externalcontact/batch/get_by_user", 84061)
    assert api.relations(["newcomer"], "") == ([], "", [])
