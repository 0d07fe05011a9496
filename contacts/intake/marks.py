"""Tags that employees put on their friends at WeCom, and what they mean for our customers.

WeCom marks a friendship, we tag a customer: a customer carries a tag of WeCom's as long as one
of the friendships does. What others put on a customer here stays when WeCom's mark goes, except
for two-way groups, where taking a mark off is a decision that holds on both sides.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.utils import timezone

from contacts.intake.facts import Relation
from contacts.models import CustomerTag, ExternalContact, Follow, FollowTag, Tag, TagPush
from scrm.audit.services import record
from scrm.core.actors import SYSTEM

Pair = tuple[int, int]
_OPEN = [TagPush.State.WAITING, TagPush.State.SENDING]


def save_marks(
    page: Iterable[Relation], people: dict[str, ExternalContact], follows: list[Follow]
) -> None:
    """Takes the marks of a page over, except where something of ours is still on its way up."""
    rows = {(row.user_id, row.contact_id): row for row in follows}
    told: dict[int, frozenset[str]] = {}
    for relation in page:
        follow = rows[(relation.user_id, people[relation.facts.external_userid].pk)]
        fresh = follow.marks_as_of is None or relation.as_of > follow.marks_as_of
        if relation.facts.tag_ids is not None and fresh and follow.as_of <= relation.as_of:
            told[follow.pk] = frozenset(relation.facts.tag_ids)
    customers = {row.pk: row.customer_id for row in people.values()}
    owners = {row.pk: customers.get(row.contact_id) for row in follows}
    replace_marks(_unpushed(told), owners)


def _unpushed(told: dict[int, frozenset[str]]) -> dict[int, frozenset[str]]:
    """Without the friendships that have a push of ours under way: that reads WeCom itself."""
    pending = TagPush.objects.filter(follow__in=told, state__in=_OPEN)
    busy = set(pending.values_list("follow_id", flat=True)) if told else set()
    if busy:
        pending.update(uncertain=True)
    return {follow: names for follow, names in told.items() if follow not in busy}


def replace_marks(
    told: dict[int, frozenset[str]],
    customers: dict[int, int | None],
    *,
    ours: frozenset[int] = frozenset(),
) -> None:
    """`told`: follow → WeCom ids of all its tags; `customers`: follow → customer.

    `ours`: tags that we are about to change at WeCom; what it shows of them says nothing about
    what anybody there wanted.
    """
    tags = _tags(told.values())
    had: dict[int, set[int]] = defaultdict(set)
    for follow_id, tag_id in FollowTag.objects.filter(follow__in=told).values_list(
        "follow_id", "tag_id"
    ):
        had[follow_id].add(tag_id)
    now = {
        follow_id: {tags[name].pk for name in names if name in tags}
        for follow_id, names in told.items()
    }
    put = [(follow, tag) for follow, wanted in now.items() for tag in wanted - had[follow]]
    gone = [(follow, tag) for follow, wanted in now.items() for tag in had[follow] - wanted]
    _write(put, gone)
    _untag([pair for pair in gone if pair[1] not in ours], customers)
    there = [(follow, tag) for follow, wanted in now.items() for tag in wanted]
    _tag([pair for pair in there if pair[1] not in ours], customers)


def _tags(told: Iterable[frozenset[str]]) -> dict[str, Tag]:
    wanted = {name for names in told for name in names}
    rows = Tag.objects.live().filter(wecom_id__in=wanted) if wanted else ()
    return {row.wecom_id: row for row in rows}


def _write(put: list[Pair], gone: list[Pair]) -> None:
    FollowTag.objects.bulk_create(
        [FollowTag(follow_id=follow, tag_id=tag) for follow, tag in put], ignore_conflicts=True
    )
    by_tag: dict[int, list[int]] = defaultdict(list)
    for follow, tag in gone:
        by_tag[tag].append(follow)
    for tag, follow_ids in by_tag.items():
        FollowTag.objects.filter(tag=tag, follow__in=follow_ids).delete()


def _of_customers(pairs: list[Pair], customers: dict[int, int | None]) -> set[Pair]:
    """(follow, tag) → (customer, tag), for friends who are known customers."""
    found = ((customers.get(follow), tag) for follow, tag in pairs)
    return {(customer, tag) for customer, tag in found if customer is not None}


def _tag(pairs: list[Pair], customers: dict[int, int | None]) -> None:
    """Customers who should carry a mark's tag and do not."""
    wanted = _of_customers(pairs, customers)
    if not wanted:
        return
    have = CustomerTag.objects.filter(
        customer__in={pair[0] for pair in wanted}, tag__in={pair[1] for pair in wanted}
    )
    missing = wanted - set(have.values_list("customer_id", "tag_id"))
    CustomerTag.objects.bulk_create(
        [
            CustomerTag(
                customer_id=customer, tag_id=tag, source=CustomerTag.Source.WECOM, at=timezone.now()
            )
            for customer, tag in sorted(missing)
        ],
        ignore_conflicts=True,
    )
    _recorded("加", Counter(tag for _, tag in missing))


def _untag(gone: list[Pair], customers: dict[int, int | None]) -> None:
    """Ends WeCom's tags that no friendship of the customer carries any more."""
    pairs = _of_customers(gone, customers)
    if not pairs:
        return
    still = set(
        FollowTag.objects.filter(
            follow__contact__customer__in={pair[0] for pair in pairs},
            tag__in={pair[1] for pair in pairs},
        ).values_list("follow__contact__customer", "tag")
    )
    two_way = set(Tag.objects.two_way().values_list("pk", flat=True))
    ended = [
        row
        for row in CustomerTag.objects.filter(
            customer__in={pair[0] for pair in pairs}, tag__in={pair[1] for pair in pairs}
        )
        if (row.customer_id, row.tag_id) in pairs - still
        and (row.source == CustomerTag.Source.WECOM or row.tag_id in two_way)
    ]
    CustomerTag.objects.filter(pk__in=[row.pk for row in ended]).delete()
    _recorded("去", Counter(row.tag_id for row in ended))


def _recorded(verb: str, tags: Counter[int]) -> None:
    """One audit row for a page, as for links: a walk over a bank may bring thousands."""
    if not tags:
        return
    names = dict(Tag.objects.filter(pk__in=tags).values_list("pk", "name"))
    changed = {names[pk]: count for pk, count in tags.items()}
    record(
        "customer.tag", actor=SYSTEM, label="企业微信标签", after={verb: changed}, reason="企业微信"
    )


def marks_of_customer(customer_id: int, follow_ids: Iterable[int]) -> None:
    """A contact has just become this customer: what its friendships carry becomes the customer's."""
    pairs = FollowTag.objects.filter(follow__in=follow_ids).values_list("follow_id", "tag_id")
    found = list(pairs)
    _tag(found, {follow: customer_id for follow, _ in found})
