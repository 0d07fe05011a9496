"""Makes the marks of one friendship at WeCom those that the customer carries here."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels.providers.base import ProviderError
from channels.providers.wecom.api import NO_RELATION, wecom_of
from channels.providers.wecom.people import corp_of, wecom_id
from channels.sync.facts import contact_facts
from contacts.intake.marks import replace_marks
from contacts.models import CustomerTag, Follow, FollowTag, Tag


@dataclass(frozen=True, slots=True)
class Difference:
    add: dict[int, str]
    remove: dict[int, str]

    def __bool__(self) -> bool:
        return bool(self.add or self.remove)


def push_marks(follow: Follow, *, uncertain: bool) -> None:
    """Raises ProviderError. `uncertain`: what WeCom has is read before anything is done."""
    if not _is_first_corp(follow):
        return
    if uncertain:
        _read_back(follow, _difference(follow))
    difference = _difference(follow)
    if not difference:
        return
    userid = str(follow.user.wecom_userid)
    wecom_of(userid).tags.mark(
        wecom_id(userid),
        wecom_id(follow.contact.external_userid),
        add=list(difference.add.values()),
        remove=list(difference.remove.values()),
    )
    _note(follow, difference)


def _is_first_corp(follow: Follow) -> bool:
    """Two-way tags have their ids at the first corporation; the others know none of them."""
    userid = follow.user.wecom_userid
    return userid is not None and corp_of(userid) == settings.WECOM_CORP_ID


def _difference(follow: Follow) -> Difference:
    """The owner's friendship gets what the customer carries; every one loses what it does not."""
    customer = follow.contact.customer
    two_way = dict(Tag.objects.two_way().values_list("pk", "wecom_id"))
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    carried = CustomerTag.objects.filter(live, customer=customer, tag__in=two_way)
    wanted = set(carried.values_list("tag_id", flat=True)) if customer else set()
    marked = FollowTag.objects.filter(follow=follow, tag__in=two_way)
    has = set(marked.values_list("tag_id", flat=True))
    own = customer is not None and customer.owner_id == follow.user_id
    return Difference(
        add={pk: two_way[pk] for pk in wanted - has} if own else {},
        remove={pk: two_way[pk] for pk in has - wanted} if customer else {},
    )


@transaction.atomic
def _note(follow: Follow, difference: Difference) -> None:
    """What WeCom has now. A page that was read before this moment is out of date."""
    FollowTag.objects.bulk_create(
        [FollowTag(follow=follow, tag_id=pk) for pk in difference.add], ignore_conflicts=True
    )
    FollowTag.objects.filter(follow=follow, tag__in=difference.remove).delete()
    Follow.objects.filter(pk=follow.pk).update(marks_as_of=timezone.now())


def _read_back(follow: Follow, wanted: Difference) -> None:
    """The marks that WeCom has of this friendship become what we know of it.

    What the employee changed there meanwhile counts; what we were about to change does not.
    """
    userid = str(follow.user.wecom_userid)
    try:
        data = wecom_of(userid).contact(follow.contact.external_userid)
    except ProviderError as error:
        if error.errcode != NO_RELATION:
            raise
        return
    for facts in contact_facts(data):
        if facts.userid.lower() == userid.lower():
            with transaction.atomic():
                replace_marks(
                    {follow.pk: frozenset(facts.tag_ids or ())},
                    {follow.pk: follow.contact.customer_id},
                    ours=frozenset({*wanted.add, *wanted.remove}),
                )
