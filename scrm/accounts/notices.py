"""Notices to employees inside the product: one sentence, a link, read or unread."""

from collections.abc import Iterable

from django.utils import timezone

from scrm.accounts.models import Branch, Notice, User
from scrm.core.access import ADMIN


def notice_send(*, to: Iterable[User], text: str, url: str, key: str) -> int:
    """Tells each person once: the same key again tells nobody a second time."""
    rows = [Notice(recipient=user, text=text[:200], url=url, key=key[:80]) for user in to]
    return len(Notice.objects.bulk_create(rows, ignore_conflicts=True))


def notices_read(*, actor: User) -> int:
    """Marks all notices of this person as read."""
    unread = Notice.objects.filter(recipient=actor, read_at=None)
    return unread.update(read_at=timezone.now())


def people_above(branch: Branch, role: str, levels: int = 0) -> list[User]:
    """Active people of a role at the nearest branch on the way up that has any.

    levels: how many branches to climb before looking; it ends at head office.
    """
    steps = [int(part) for part in branch.path.strip("/").split("/")][::-1]
    start = min(levels, len(steps) - 1)
    people = User.objects.filter(branch_id__in=steps[start:], role=role, is_active=True)
    nearest = sorted(people, key=lambda user: steps.index(user.branch_id))
    return [user for user in nearest if user.branch_id == nearest[0].branch_id]


def heads_of(branch: Branch) -> list[User]:
    """Who answers for a branch: its administrators, or those of the branch above."""
    return people_above(branch, ADMIN)
