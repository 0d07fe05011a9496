"""Reads for head office's page about WeCom's organisation and ours."""

from django.db.models import Count, Q, QuerySet

from channels.models import Department, Member
from scrm.accounts.models import Branch, User
from scrm.core.access import RM


def departments() -> list[Department]:
    """Those that are there, as a tree: each with .depth and .people (members in it)."""
    rows = list(Department.objects.filter(removed_at=None).select_related("branch"))
    people = _people_by_department()
    below: dict[str, list[Department]] = {}
    ids = {row.wecom_id for row in rows}
    for row in rows:
        row.people = people.get(row.wecom_id, 0)  # type: ignore[attr-defined]
        parent = row.parent_id_there if row.parent_id_there in ids else ""
        below.setdefault(parent, []).append(row)
    return _tree(below, "", 0)


def _tree(below: dict[str, list[Department]], parent: str, depth: int) -> list[Department]:
    """Depth first; a row that would be its own ancestor ends up nowhere twice."""
    found: list[Department] = []
    for row in below.pop(parent, []):
        row.depth = depth  # type: ignore[attr-defined]
        found += [row, *_tree(below, row.wecom_id, depth + 1)]
    return found


def _people_by_department() -> dict[str, int]:
    counts: dict[str, int] = {}
    for departments in Member.objects.filter(left_at=None).values_list("departments", flat=True):
        for key in departments:
            counts[key] = counts.get(key, 0) + 1
    return counts


def members_without_user() -> QuerySet[Member]:
    """Employees at WeCom whom nobody here answers for."""
    return Member.objects.filter(left_at=None, user=None).order_by("userid")


def users_without_member() -> QuerySet[User]:
    """Our managers who would need WeCom and are not in it."""
    there = Member.objects.filter(left_at=None, user__isnull=False).values("user")
    return (
        User.objects.filter(is_active=True)
        .filter(Q(role=RM) | Q(wecom_userid__isnull=False))
        .exclude(pk__in=there)
        .exclude(wecom_left_at__isnull=False)
        .select_related("branch")
        .order_by("branch__path", "username")
    )


def leavers() -> QuerySet[User]:
    """Our people who are gone from WeCom, with what they leave: .friends and .owned."""
    active = Q(follows__state="active")
    return (
        User.objects.filter(wecom_left_at__isnull=False)
        .select_related("branch")
        .annotate(
            friends=Count("follows", filter=active, distinct=True),
            owned=Count("customers", distinct=True),
        )
        .order_by("-wecom_left_at", "pk")
    )


def branches() -> QuerySet[Branch]:
    return Branch.objects.order_by("path")
