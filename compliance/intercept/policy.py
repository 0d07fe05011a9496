"""What the bank has set for the client's rules."""

from django.conf import settings

from compliance.intercept.plan import Limits


def limits() -> Limits:
    return Limits(settings.INTERCEPT_WORD_LIMIT, settings.INTERCEPT_WORD_UNIT == "bytes")


def departments() -> list[int]:
    """Whose clients enforce the rules; empty: the bank has not switched it on."""
    return sorted({int(part) for part in settings.INTERCEPT_DEPARTMENTS.split(",") if part.strip()})
