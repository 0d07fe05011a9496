"""What asks to go out."""

import datetime
from dataclasses import dataclass

from scrm.accounts.models import User


@dataclass(frozen=True, slots=True)
class Proposal:
    """One text by one employee to some customers. people: {customer_id: external_userid}."""

    sender: User
    text: str
    people: dict[int, str]
    purpose: str
    content_kind: str
    content_id: int
    # R-grade of the product in the text; 0: no product.
    risk_grade: int
    valid_until: datetime.date
    source: str
    # By what means: must be among the channels the content was approved for.
    channel: str = "mass_send"
