"""Reads over customer groups, and their place on customer 360."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from contacts.models import Customer, GroupChat, GroupMember
from contacts.panels import Panel
from scrm.accounts.models import User
from scrm.core import masking

_MOST_SHOWN = 5


def group_rows(user: User, *, q: str = "", state: str = "") -> QuerySet[GroupChat]:
    """Groups in scope with .people and .customers: who is in them now; the fullest first."""
    rows = GroupChat.objects.visible_to(user).select_related("owner", "owner__branch")
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(owner__name__icontains=q))
    rows = rows.filter(state=state) if state else rows.exclude(state=GroupChat.State.DISMISSED)
    external = Q(kind=GroupMember.Kind.EXTERNAL)
    counted = rows.annotate(
        people=_count(Q()),
        customers=_count(external),
    )
    return counted.order_by("-customers", "pk")


def _count(condition: Q) -> Coalesce:
    present = GroupMember.objects.present().filter(condition, chat=OuterRef("pk")).order_by()
    counted = present.values("chat").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


@dataclass(frozen=True, slots=True)
class Person:
    """A member as this reader may see them: customers of others have no name and no link."""

    stay: GroupMember
    name: str
    customer: Customer | None


def group_people(rows: Iterable[GroupMember], user: User) -> list[Person]:
    """`rows` with user and contact, for one page of a group's members."""
    stays = list(rows)
    ids = {stay.contact.customer_id for stay in stays if stay.contact is not None}
    visible = Customer.objects.visible_to(user).in_bulk([pk for pk in ids if pk])
    return [_person(stay, visible) for stay in stays]


def _person(stay: GroupMember, visible: dict[int, Customer]) -> Person:
    if stay.kind == GroupMember.Kind.EMPLOYEE:
        return Person(stay, stay.user.name if stay.user else stay.name, None)
    customer = visible.get((stay.contact.customer_id if stay.contact else None) or 0)
    shown = customer.name if customer else masking.name(stay.name)
    return Person(stay, shown, customer)


def members_of(chat: GroupChat) -> QuerySet[GroupMember]:
    """Who is in the group now: employees first, then by the time they came."""
    rows = GroupMember.objects.present().filter(chat=chat).select_related("user", "contact")
    return rows.order_by("kind", "joined_at", "pk")


def customer_groups(user: User, customer: Customer | None) -> Panel | None:
    """The groups that a customer is in; those outside the reader's scope are only counted."""
    if customer is None:
        return None
    stays = GroupMember.objects.present().filter(contact__customer=customer)
    mine = stays.in_groups_of(user).select_related("chat", "chat__owner").order_by("-joined_at")
    shown, total = list(mine[:_MOST_SHOWN]), stays.count()
    if not total:
        return None
    context = {"stays": shown, "others": total - len(shown)}
    return Panel("contacts/_customer_groups.html", context)
