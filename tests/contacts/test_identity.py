"""Who an external contact is: certain links by themselves, doubtful ones by a person."""

import datetime

import pytest
from django.utils import timezone

from contacts import intake, services
from contacts.intake import ContactFacts, Relation
from contacts.models import ExternalContact, IdentityDoubt
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError, IllegalTransition
from tests.factories import cast as factory
from tests.factories.cast import Cast, befriend


def _tell(cast: Cast, name: str = "wm-1", *, user: User | None = None, **facts: object) -> None:
    """alice's friend, as a walk or an event states him."""
    values: dict[str, object] = {
        "external_userid": name, "name": "晴天", "unionid": "", "kind": 1, "userid": "alice",
        "remark": "", "mobiles": (), "channel_state": "", "add_way": 1,
        "added_at": timezone.now() - datetime.timedelta(hours=9),
    }  # fmt: skip
    told = ContactFacts(**{**values, **facts})  # type: ignore[arg-type]
    intake.take_in_page(page=[Relation((user or cast.alice).pk, told, timezone.now())])


def _customer_of(name: str = "wm-1") -> object:
    return ExternalContact.objects.get(external_userid=name).customer


def _doubt(kind: str) -> IdentityDoubt:
    doubt = IdentityDoubt.objects.get(state="open")
    assert doubt.kind == kind
    return doubt


def _numbers(doubt: IdentityDoubt) -> set[str]:
    return set(doubt.candidates.values_list("customer__number", flat=True))


@pytest.fixture
def several(cast: Cast) -> IdentityDoubt:
    """A phone that 王芳 shares with her colleague's customer 赵磊."""
    cast.zhao.phone_index = cast.wang.phone_index
    cast.zhao.save()
    _tell(cast, mobiles=(cast.wang.phone,))
    return _doubt("several")


def test_a_phone_of_several_customers_is_a_doubt(cast: Cast, several: IdentityDoubt) -> None:
    assert _customer_of() is None
    assert _numbers(several) == {cast.wang.number, cast.zhao.number}
    assert several.branch == cast.dongcheng


def test_unionid_and_phone_that_disagree_are_a_doubt(cast: Cast) -> None:
    _tell(cast, unionid=cast.wang.unionid, mobiles=(cast.zhao.phone,))
    assert _customer_of() is None
    evidence = dict(_doubt("conflict").candidates.values_list("customer__number", "evidence"))
    assert evidence == {cast.wang.number: "unionid", cast.zhao.number: "phone"}


def test_a_unionid_settles_a_shared_phone(cast: Cast) -> None:
    cast.zhao.phone_index = cast.wang.phone_index
    cast.zhao.save()
    _tell(cast, unionid=cast.wang.unionid, mobiles=(cast.wang.phone,))
    assert _customer_of() == cast.wang
    assert not IdentityDoubt.objects.exists()


def test_a_linked_contact_who_seems_another_is_a_doubt_and_stays_linked(cast: Cast) -> None:
    _tell(cast, mobiles=(cast.wang.phone,))
    assert _customer_of() == cast.wang
    _tell(cast, unionid=cast.zhao.unionid)
    assert _customer_of() == cast.wang
    assert _numbers(_doubt("linked")) == {cast.wang.number, cast.zhao.number}


def test_a_second_wechat_of_a_customer_by_phone_alone_is_a_doubt(cast: Cast) -> None:
    befriend(cast.wang)
    _tell(cast, mobiles=(cast.wang.phone,))
    assert _customer_of() is None
    assert _numbers(_doubt("claimed")) == {cast.wang.number}


def test_of_two_new_contacts_with_one_phone_the_second_is_a_doubt(cast: Cast) -> None:
    for name in ("wm-1", "wm-2"):
        _tell(cast, name, mobiles=(cast.wang.phone,))
    assert _customer_of("wm-1") == cast.wang
    assert _doubt("claimed").contact.external_userid == "wm-2"


def test_walking_over_the_same_contact_opens_no_second_doubt(
    cast: Cast, several: IdentityDoubt
) -> None:
    for _ in range(3):
        _tell(cast, mobiles=(cast.wang.phone,))
    assert IdentityDoubt.objects.count() == 1


def test_a_persons_link_is_recorded_and_never_overruled(cast: Cast, several: IdentityDoubt) -> None:
    services.identity_link(doubt=several, customer=cast.zhao, reason="电话核实过", actor=cast.admin)
    contact = ExternalContact.objects.get()
    assert (contact.customer, contact.matched_by) == (cast.zhao, "manual")
    event = AuditEvent.objects.get(action="identity.decide")
    assert (event.actor, event.reason) == (cast.admin, "电话核实过")
    _tell(cast, unionid=cast.wang.unionid, mobiles=(cast.wang.phone,))
    assert _customer_of() == cast.zhao
    assert not IdentityDoubt.objects.filter(state="open").exists()
    with pytest.raises(IllegalTransition):
        services.identity_reject(doubt=several, reason="再想一想", actor=cast.hq)


def test_rejected_customers_are_not_linked_nor_asked_about_again(
    cast: Cast, several: IdentityDoubt
) -> None:
    services.identity_reject(doubt=several, reason="都不是本人", actor=cast.admin)
    _tell(cast, mobiles=(cast.wang.phone,))
    _tell(cast, unionid=cast.wang.unionid)
    assert _customer_of() is None
    assert IdentityDoubt.objects.count() == 1
    _tell(cast, mobiles=(cast.li.phone,))  # somebody who was not rejected
    assert _customer_of() == cast.li


def test_rejecting_a_doubt_about_a_link_ends_the_link(cast: Cast) -> None:
    _tell(cast, mobiles=(cast.wang.phone,))
    _tell(cast, unionid=cast.zhao.unionid)
    services.identity_reject(doubt=_doubt("linked"), reason="都不是本人", actor=cast.admin)
    assert _customer_of() is None


def test_a_decision_needs_a_reason_and_one_of_the_candidates(
    cast: Cast, several: IdentityDoubt
) -> None:
    with pytest.raises(BusinessError, match="理由"):
        services.identity_link(doubt=several, customer=cast.zhao, reason=" ", actor=cast.admin)
    with pytest.raises(BusinessError, match="列出的客户"):
        services.identity_link(doubt=several, customer=cast.li, reason="我认识她", actor=cast.hq)
    assert _customer_of() is None


# The page


def test_a_branch_sees_doubts_that_lie_within_it(
    cast: Cast, sign_in, several: IdentityDoubt
) -> None:
    _tell(cast, "wm-2", unionid=cast.wang.unionid, mobiles=(cast.li.phone,))  # 北京 and 上海
    across = IdentityDoubt.objects.get(kind="conflict")
    assert across.branch == cast.head

    def page(user: User) -> str:
        return sign_in(user).get("/identity/").content.decode()

    assert cast.zhao.number in page(cast.admin)
    assert cast.li.number not in page(cast.admin)
    assert cast.zhao.number not in page(cast.admin_shanghai)
    assert cast.li.number not in page(cast.admin_shanghai)
    assert cast.zhao.number in page(cast.hq)
    assert cast.li.number in page(cast.hq)
    body = {"customer": cast.zhao.pk, "reason": "电话核实过"}
    path = f"/identity/{several.pk}/"
    assert sign_in(cast.admin_shanghai).post(path, body).status_code == 404
    assert sign_in(cast.alice).post(path, body).status_code == 403
    assert sign_in(cast.admin).post(f"/identity/{across.pk}/", body).status_code == 404


def test_both_sides_are_shown_masked(cast: Cast, sign_in, several: IdentityDoubt) -> None:
    page = sign_in(cast.admin).get("/identity/").content.decode()
    assert "王**" in page
    assert "王芳" not in page
    assert cast.wang.phone not in page
    assert cast.wang.masked_phone in page


def test_deciding_on_the_page(cast: Cast, sign_in, several: IdentityDoubt) -> None:
    admin = sign_in(cast.admin)
    path = f"/identity/{several.pk}/"
    admin.post(path, {"reason": "忘了选"})
    assert IdentityDoubt.objects.get().state == "open"
    admin.post(path, {"customer": cast.wang.pk, "reason": "电话核实过"})
    assert _customer_of() == cast.wang
    decided = admin.get("/identity/", {"tab": "decided"}).content.decode()
    assert "电话核实过" in decided
    assert "没有需要核对的身份" in admin.get("/identity/").content.decode()


def test_none_of_them_on_the_page(cast: Cast, sign_in, several: IdentityDoubt) -> None:
    body = {"customer": "none", "reason": "都不是本人"}
    sign_in(cast.admin).post(f"/identity/{several.pk}/", body)
    assert IdentityDoubt.objects.get().state == "rejected"


def test_a_link_brings_the_marks_along(cast: Cast, several: IdentityDoubt) -> None:
    factory.allow(cast.wang)
    group = services.tag_group_create(name="企业微信", shared=False, actor=cast.hq)
    tag = services.tag_create(group=group, name="保守", actor=cast.hq)
    tag.wecom_id = "et1"
    tag.save()
    _tell(cast, mobiles=(cast.wang.phone,), tag_ids=("et1",))
    assert not cast.wang.customer_tags.exists()
    services.identity_link(doubt=several, customer=cast.wang, reason="电话核实过", actor=cast.admin)
    assert cast.wang.customer_tags.get().source == "wecom"
