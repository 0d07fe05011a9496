"""Every URL × every role: what each person may open, and that nothing is open by accident."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from scrm.core.access import ADMIN, AUDITOR, HQ, OFFICER, RM, Access
from tests.factories.cast import Cast

ROLES = (RM, ADMIN, OFFICER, HQ, AUDITOR)
# Open without signing in, on purpose: login, health, callbacks, tracked links of customers.
PUBLIC = {"login", "healthz", "channels:callback", "link", "link_back"}
# Who may read each page, written down here independently of the code; "" = nobody may GET it.
READERS = {
    "home": "rm branch_admin compliance hq_admin auditor",
    "logout": "rm branch_admin compliance hq_admin auditor",
    "notices": "rm branch_admin compliance hq_admin auditor",
    "accounts:organisation": "branch_admin hq_admin",
    "audit:events": "auditor hq_admin compliance",
    "insights:board": "hq_admin branch_admin",
    "insights:my_board": "rm",
    "compliance:alerts": "compliance",
    "compliance:alert": "compliance",
    "compliance:alert_replay": "compliance",
    "compliance:cases": "compliance",
    "compliance:case": "compliance",
    "compliance:archive": "compliance auditor",
    "compliance:conversation": "compliance auditor",
    "compliance:evidence": "compliance auditor",
    "compliance:evidence_package": "compliance auditor",
    "compliance:evidence_download": "compliance auditor",
    "compliance:integrity": "auditor hq_admin",
    "compliance:media": "compliance auditor",
    "compliance:keeping": "compliance hq_admin auditor",
    "compliance:purge": "compliance hq_admin auditor",
    "compliance:lexicons": "compliance",
    "compliance:lexicon": "compliance",
    "compliance:aliases": "compliance",
    "compliance:transfers": "branch_admin hq_admin",
    "compliance:parameters": "compliance hq_admin auditor",
    "compliance:lexicon_diff": "compliance",
    "compliance:lexicon_run": "compliance",
    "compliance:board": "compliance hq_admin",
    "compliance:behaviour": "compliance hq_admin",
    "compliance:auto_rules": "compliance",
    "compliance:benign": "compliance",
    "compliance:holidays": "compliance hq_admin",
    "compliance:sampling": "compliance",
    "compliance:sampling_plan": "compliance",
    "compliance:sample": "compliance",
    "compliance:reviews": "compliance hq_admin branch_admin",
    "compliance:review": "compliance hq_admin branch_admin",
    "campaigns:campaigns": "branch_admin hq_admin",
    "campaigns:campaign_create": "branch_admin hq_admin",
    "campaigns:campaign_summary": "branch_admin hq_admin",
    "campaigns:campaign": "branch_admin hq_admin",
    "campaigns:campaign_edit": "branch_admin hq_admin",
    "campaigns:campaign_progress": "branch_admin hq_admin",
    "campaigns:campaign_ledger": "branch_admin hq_admin",
    "campaigns:contents": "rm branch_admin hq_admin",
    "campaigns:content_create": "branch_admin hq_admin",
    "campaigns:content_preview": "rm branch_admin hq_admin",
    "campaigns:content": "rm branch_admin hq_admin",
    "channels:codes": "rm branch_admin hq_admin auditor",
    "channels:code": "rm branch_admin hq_admin auditor",
    "channels:code_picture": "rm branch_admin hq_admin auditor",
    "channels:code_poster": "rm branch_admin hq_admin auditor",
    "channels:code_create": "branch_admin hq_admin",
    "channels:code_edit": "branch_admin hq_admin",
    "channels:found_codes": "hq_admin",
    "channels:found_adopt": "hq_admin",
    "channels:group_codes": "branch_admin hq_admin auditor",
    "channels:group_code_picture": "branch_admin hq_admin auditor",
    "channels:group_code_poster": "branch_admin hq_admin auditor",
    "channels:group_code_create": "branch_admin hq_admin",
    "channels:group_code_edit": "branch_admin hq_admin",
    "campaigns:materials": "branch_admin hq_admin",
    "campaigns:material_create": "branch_admin hq_admin",
    "campaigns:material_file": "branch_admin compliance hq_admin",
    "campaigns:welcome_rules": "branch_admin hq_admin",
    "campaigns:welcome_create": "branch_admin hq_admin",
    "campaigns:welcome_preview": "branch_admin hq_admin",
    "campaigns:welcome_rule": "branch_admin hq_admin",
    "channels:connection": "hq_admin",
    "channels:inbox": "hq_admin",
    "channels:doctor": "hq_admin",
    "channels:wecom_org": "hq_admin",
    "channels:sync": "hq_admin",
    "contacts:workbench": "rm",
    "contacts:customers": "rm branch_admin hq_admin",
    "contacts:customer": "rm branch_admin compliance hq_admin",
    "contacts:customer_timeline": "rm branch_admin compliance hq_admin",
    "contacts:customer_unmask": "rm branch_admin hq_admin",
    "contacts:tags": "branch_admin hq_admin",
    "contacts:doubts": "branch_admin hq_admin",
    "contacts:groups": "rm branch_admin hq_admin",
    "contacts:group": "rm branch_admin hq_admin",
    "contacts:sidebar": "rm branch_admin hq_admin",
    "contacts:segments": "branch_admin hq_admin",
    "contacts:segment_create": "branch_admin hq_admin",
    "contacts:segment_update": "branch_admin hq_admin",
    "contacts:segment": "branch_admin hq_admin",
    "schema": "rm branch_admin compliance hq_admin auditor",
    "api_connection": "hq_admin",
    "api_archive": "compliance auditor",
    "api-campaign-list": "branch_admin hq_admin",
    "api-campaign-detail": "branch_admin hq_admin",
    "api-delivery-list": "branch_admin hq_admin",
    "api-delivery-detail": "branch_admin hq_admin",
    "api-alert-list": "compliance",
    "api-alert-detail": "compliance",
    "customer-list": "rm branch_admin hq_admin",
    "customer-detail": "rm branch_admin hq_admin",
}


@dataclass(frozen=True)
class Route:
    name: str
    path: str
    view: object

    @property
    def access(self) -> Access | None:
        holder = getattr(self.view, "view_class", None) or getattr(self.view, "cls", self.view)
        return getattr(holder, "access", None)


def _fill(pattern: str) -> str:
    """A path with ids that exist for nobody; scope must be asked before existence tells anything."""
    out = pattern
    for kind in ("<int:pk>", "(?P<pk>[^/.]+)"):
        out = out.replace(kind, "999999999")
    out = out.replace("^", "").replace("$", "").replace("\\Z", "")
    for kind in ("<str:external_userid>", "<str:token>", "<str:corp_id>", "<str:agent_id>"):
        out = out.replace(kind, "nobody")
    return "/" + out


def _routes(resolver: URLResolver, prefix: str = "", space: str = "") -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _routes(entry, pattern, inner)
        elif isinstance(entry, URLPattern):
            yield Route(f"{space}{entry.name}", _fill(pattern), entry.callback)


ALL = list(_routes(get_resolver()))


def test_every_url_is_named_and_declares_its_access() -> None:
    nameless = [route.path for route in ALL if route.name.endswith("None")]
    closed = [route.name for route in ALL if route.access is None and route.name not in PUBLIC]
    assert nameless == closed == []


def test_readers_are_those_written_down() -> None:
    """A new page must be added to the table above by somebody who has thought about it."""
    declared = {
        route.name: " ".join(sorted(route.access.see))
        for route in ALL
        if route.access is not None and route.access.see
    }
    expected = {name: " ".join(sorted(roles.split())) for name, roles in READERS.items()}
    assert declared == expected


@pytest.mark.parametrize("route", ALL, ids=lambda route: f"{route.name}")
def test_each_role_gets_what_it_may(cast: Cast, sign_in, route: Route) -> None:
    if route.name in PUBLIC:
        return
    assert Client().get(route.path).status_code in {302, 403}  # nobody is signed in
    for role in ROLES:
        client, access = sign_in(cast.people()[role]), route.access
        assert access is not None
        for method, roles in (("get", access.see), ("post", access.act)):
            status = getattr(client, method)(route.path).status_code
            if role in roles:
                assert status not in {403, 500}, (role, method, status)
            else:
                assert status in {403, 405}, (role, method, status)


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/customers/{}/", "li"),
        ("/customers/{}/timeline/", "li"),
    ],
)
def test_another_branchs_customer_does_not_exist(
    cast: Cast, sign_in, path: str, model: str
) -> None:
    hidden, visible = path.format(cast.li.pk), path.format(cast.wang.pk)
    for user in (cast.alice, cast.admin, cast.officer):
        assert sign_in(user).get(hidden).status_code == 404
        assert sign_in(user).get(visible).status_code == 200
    assert sign_in(cast.hq).get(hidden).status_code == 200
    assert sign_in(cast.amy).get(visible).status_code == 404  # the next desk is outside too
