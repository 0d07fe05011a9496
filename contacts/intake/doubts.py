"""Opens doubts; one at a time for a contact, and never about what a person has decided."""

import os
from dataclasses import dataclass

from contacts.models import Customer, DoubtCandidate, ExternalContact, IdentityDoubt


@dataclass(frozen=True, slots=True)
class Doubt:
    kind: str
    # Customer → what speaks for them.
    candidates: dict[int, str]


def open_doubts(doubts: dict[str, Doubt], people: dict[str, ExternalContact]) -> int:
    """New doubts, at most one open for each contact; returns how many."""
    if not doubts:
        return 0
    ids = [people[key].pk for key in doubts]
    waiting = set(
        IdentityDoubt.objects.filter(contact__in=ids, state=IdentityDoubt.State.OPEN).values_list(
            "contact_id", flat=True
        )
    )
    fresh = {key: doubt for key, doubt in doubts.items() if people[key].pk not in waiting}
    branches = _Branches({pk for doubt in fresh.values() for pk in doubt.candidates})
    rows = IdentityDoubt.objects.bulk_create(
        [
            IdentityDoubt(
                contact=people[key], kind=doubt.kind, branch_id=branches.above(doubt.candidates)
            )
            for key, doubt in fresh.items()
        ]
    )
    DoubtCandidate.objects.bulk_create(
        DoubtCandidate(doubt=row, customer_id=pk, evidence=evidence)
        for row, doubt in zip(rows, fresh.values(), strict=True)
        for pk, evidence in doubt.candidates.items()
    )
    return len(rows)


class _Branches:
    """The lowest branch above all of some customers."""

    def __init__(self, customers: set[int]) -> None:
        rows = Customer.objects.filter(pk__in=customers).values_list("pk", "branch__path")
        self.paths = dict(rows)

    def above(self, customers: dict[int, str]) -> int:
        """Every path begins with head office, so all have at least that in common."""
        common = os.path.commonpath([self.paths[pk] for pk in customers])
        return int(common.rsplit("/", 1)[-1])
