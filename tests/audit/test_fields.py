"""The trail's changes are told in Chinese."""

import pytest
from django.test import Client
from django.urls import reverse

from scrm.audit.services import record
from scrm.audit.templatetags.audit import audit_value
from tests.factories.cast import Cast


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "无"), ("", "无"), ([], "无"), (True, "是"), (0, "0"), ([1, 2], "1、2"), ("x", "x")],
)
def test_values(value: object, shown: str) -> None:
    assert audit_value(value) == shown


def test_names_before_and_after_stand_on_the_page(cast: Cast, client: Client) -> None:
    record(
        "case.extend",
        actor=cast.officer,
        obj=cast.wang,
        before={"due_at": "A"},
        after={"due_at": "B"},
    )
    client.force_login(cast.auditor)
    html = client.get(reverse("audit:events")).content.decode()
    assert "原 期限 A → 期限 B" in " ".join(html.split())
