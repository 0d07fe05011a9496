"""What WeCom tells is taken in once, newest facts win, and a link needs proof."""

import datetime

from django.utils import timezone

from contacts import intake
from contacts.intake import ContactFacts, Relation
from contacts.models import CustomerEvent, ExternalContact, Follow
from scrm.audit.models import AuditEvent
from tests.factories import cast as factory
from tests.factories.cast import Cast

HOUR = datetime.timedelta(hours=1)


def _facts(external: str = "wm-1", **changes: object) -> ContactFacts:
    values: dict[str, object] = {
        "external_userid": external,
        "name": "晴天",
        "unionid": "",
        "kind": 1,
        "userid": "alice",
        "remark": "",
        "mobiles": (),
        "channel_state": "",
        "add_way": 1,
        "added_at": timezone.now() - 9 * HOUR,
    }
    return ContactFacts(**{**values, **changes})  # type: ignore[arg-type]


def _take(cast: Cast, *page: ContactFacts, as_of: datetime.datetime | None = None) -> None:
    at = as_of or timezone.now()
    intake.take_in_page(page=[Relation(cast.alice.pk, facts, at) for facts in page])


def test_a_unionid_and_a_phone_that_agree_link(cast: Cast) -> None:
    facts = _facts(unionid=cast.wang.unionid, mobiles=(cast.wang.phone,))
    _take(cast, facts)
    contact = ExternalContact.objects.get()
    assert (contact.customer, contact.matched_by) == (cast.wang, "unionid")
    event = AuditEvent.objects.get(action="customer.match")
    assert event.after == {"linked": {"wm-1": [cast.wang.pk, "unionid"]}}


def test_a_shared_phone_and_a_stranger_are_linked_to_nobody(cast: Cast) -> None:
    factory.customer(cast.alice, "C00000009", "王芳二", phone_index=cast.wang.phone_index)
    page = [_facts("wm-1", mobiles=(cast.wang.phone,)), _facts("wm-2", unionid="nobody")]
    _take(cast, *page)
    assert set(ExternalContact.objects.values_list("customer", flat=True)) == {None}
    assert not AuditEvent.objects.filter(action="customer.match").exists()


def test_older_facts_never_overwrite_newer(cast: Cast) -> None:
    now = timezone.now()
    intake.take_in(user=cast.alice, facts=_facts(), as_of=now - HOUR)
    lost = intake.mark_lost(
        user=cast.alice, external_userid="wm-1", state="deleted_by_customer", at=now
    )
    assert lost is not None
    intake.take_in(user=cast.alice, facts=_facts(), as_of=now - HOUR / 2)
    assert Follow.objects.get().state == "deleted_by_customer"
    _, added = intake.take_in(user=cast.alice, facts=_facts(), as_of=now + HOUR)
    assert added
    assert Follow.objects.get().state == "active"


def test_the_same_loss_is_told_once(cast: Cast) -> None:
    now = timezone.now()
    intake.take_in(user=cast.alice, facts=_facts(), as_of=now - HOUR)
    for _ in range(2):
        intake.mark_lost(user=cast.alice, external_userid="wm-1", state="deleted_by_rm", at=now)
    assert CustomerEvent.objects.filter(kind="deleted").count() == 1


def test_a_page_is_taken_in_a_handful_of_statements(
    cast: Cast, django_assert_max_num_queries
) -> None:
    def page(size: int) -> list[ContactFacts]:
        return [_facts(f"wm-{size}-{n}") for n in range(size)]

    for size in (5, 100):
        with django_assert_max_num_queries(14):
            _take(cast, *page(size))
