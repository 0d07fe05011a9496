"""Reservations against the contact cap, taken when a message is cleared, not when it arrives."""

from django.utils import timezone

from compliance.gate.proposal import Proposal
from contacts.models import CustomerEvent

KIND = "mass_send"


def prefix(source: str) -> str:
    return f"cap:{source}:"


def reserve(proposal: Proposal, customers: frozenset[int]) -> None:
    now = timezone.now()
    CustomerEvent.objects.bulk_create(
        CustomerEvent(
            customer_id=customer,
            user=proposal.sender,
            kind=KIND,
            occurred_at=now,
            source="gate",
            properties={"purpose": proposal.purpose},
            key=f"{prefix(proposal.source)}{customer}",
        )
        for customer in sorted(customers)
    )


def release(source: str) -> None:
    """Gives the reservations back when nothing went out."""
    CustomerEvent.objects.filter(kind=KIND, key__startswith=prefix(source)).delete()
