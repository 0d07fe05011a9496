"""What a chunk of customers needs to know to be made without the database, and what it makes."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from contacts.models import Product

T = TypeVar("T")
# Every chunk has its own random stream: the bank does not depend on who makes which chunk.
CHUNK = 5000
TABLES = {
    "contacts_customer": (
        "id number name gender birthday tier stage risk_level risk_expires_on aum owner_id "
        "branch_id phone phone_index id_number unionid opened_on last_contact_at created_at"
    ),
    "contacts_holding": "customer_id product_id amount started_on matures_on closed_on",
    "contacts_transaction": "customer_id product_id kind amount category occurred_at",
    "contacts_customerevent": "customer_id kind occurred_at source properties",
    "contacts_customertag": "customer_id tag_id source why at",
    "contacts_consent": "customer_id purpose channel state since evidence superseded_at",
    "contacts_followup": "customer_id user_id text at",
}
NULL = r"\N"
_TIMES = [
    f" {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}+08"
    for second in range(28_800, 64_800)
]


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    today: datetime.date
    customers: int
    # (user id, branch id) of each relationship manager; the demo login first.
    managers: tuple[tuple[int, int], ...]
    # kind → (product id, code, risk grade) of what is sold
    shelf: dict[str, list[tuple[int, str, int]]]
    tags: tuple[int, ...]

    @property
    def first_share(self) -> int:
        """Customers of the demo login: the first ones, enough for a rich day."""
        return min(self.customers, max(80, self.customers // len(self.managers)))

    def chunks(self) -> list[tuple[int, int]]:
        return [(at, min(at + CHUNK, self.customers)) for at in range(0, self.customers, CHUNK)]


def shelf_of(products: list[Product]) -> dict[str, list[tuple[int, str, int]]]:
    shelf: dict[str, list[tuple[int, str, int]]] = {}
    for product in products:
        shelf.setdefault(product.kind, []).append((product.pk, product.code, product.risk_grade))
    return shelf


@dataclass(slots=True)
class Person:
    id: int
    number: str
    name: str
    gender: str
    situation: str
    manager: tuple[int, int]
    birthday: datetime.date
    opened_on: datetime.date
    aum: float
    tier: str
    stage: str
    risk_level: int
    risk_expires_on: datetime.date | None
    last_contact_at: str | None = None


@dataclass(slots=True)
class Batch:
    """Rows of one chunk as COPY text, table by table."""

    plan: Plan
    random: Random
    rows: dict[str, list[str]] = field(default_factory=lambda: {table: [] for table in TABLES})
    days: list[str] = field(init=False)

    def __post_init__(self) -> None:
        day = datetime.timedelta(days=1)
        self.days = [f"{self.plan.today - step * day}" for step in range(451)]

    def add(self, table: str, line: str) -> None:
        self.rows["contacts_" + table].append(line)

    def pick(self, options: Sequence[T]) -> T:
        """random.choice at a third of its price; this runs tens of millions of times."""
        return options[int(self.random.random() * len(options))]

    def below(self, limit: int) -> int:
        return int(self.random.random() * limit)

    def moment(self, days_ago: int) -> str:
        """A time in the working day, that many days ago (at most 450)."""
        return self.days[days_ago] + _TIMES[int(self.random.random() * 36_000)]

    def text(self) -> dict[str, str]:
        return {table: "".join(lines) for table, lines in self.rows.items()}
