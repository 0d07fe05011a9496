"""Holdings with their maturities, and twelve months of transactions."""

import datetime

from contacts.demo.plan import NULL, Batch, Person

_KINDS = ("deposit",) * 9 + ("wealth",) * 7 + ("fund",) * 2 + ("insurance",) * 2
_CATEGORIES = (
    "餐饮", "超市", "交通", "教育", "医疗", "旅游", "装修", "数码", "服饰", "生活缴费",
)  # fmt: skip
# How many transactions in a year, and how many days ago the latest may be, by stage.
_PACE = {
    "blank": (1, 300),
    "new": (5, 1),
    "active": (14, 1),
    "dormant": (4, 190),
    "churning": (7, 35),
}
_DEPOSIT_DAYS = (90, 180, 365, 1095)


def write_holdings(batch: Batch, person: Person) -> None:
    if person.stage == "blank" or person.aum < 1000:
        return
    invested = person.aum * (0.5 + 0.45 * batch.random.random())
    parts = 1 + batch.below(4 if person.aum > 200_000 else 2)
    for part in range(parts):
        urgent = person.situation == "maturity" and part == 0
        amount = round(invested / parts / 100) * 100 + (100_000 if urgent else 0)
        _holding(batch, person, amount, urgent)
    if batch.random.random() < 0.2:
        _closed_holding(batch, person, round(invested / 300) * 100)


def _product(batch: Batch, person: Person, kind: str) -> tuple[int, str, int]:
    """Mostly what the customer's risk level allows; the bank sold something else before."""
    options = [item for item in batch.plan.shelf[kind] if item[2] <= max(2, person.risk_level)]
    return batch.pick(options or batch.plan.shelf[kind])


def _holding(batch: Batch, person: Person, amount: float, urgent: bool) -> None:
    kind = "wealth" if urgent else batch.pick(_KINDS)
    product = _product(batch, person, kind)
    today = batch.plan.today
    term = batch.pick(_DEPOSIT_DAYS) if kind == "deposit" else 365
    if urgent:
        left = 1 + batch.below(3)
    elif batch.random.random() < 0.12:
        left = 8 + batch.below(22)
    else:
        left = 30 + batch.below(term)
    matures = "" if kind == "fund" else today + datetime.timedelta(days=left)
    started = today - datetime.timedelta(days=max(1, term - left))
    batch.add(
        "holding",
        f"{person.id}\t{product[0]}\t{amount:.2f}\t{started}\t{matures or NULL}\t{NULL}\n",
    )


def _closed_holding(batch: Batch, person: Person, amount: float) -> None:
    product = _product(batch, person, batch.pick(_KINDS))
    closed = batch.plan.today - datetime.timedelta(days=5 + batch.below(300))
    started = closed - datetime.timedelta(days=180)
    batch.add(
        "holding", f"{person.id}\t{product[0]}\t{amount:.2f}\t{started}\t{closed}\t{closed}\n"
    )


def write_transactions(batch: Batch, person: Person) -> None:
    count, latest = _PACE[person.stage]
    for _ in range(batch.below(count + 1)):
        days_ago = latest + int((360 - latest) * batch.random.random())
        _transaction(batch, person, days_ago)
    if person.situation in {"flow_in", "flow_out"}:
        amount = round(person.aum * (0.5 + batch.random.random()) / 1000) * 1000 + 200_000
        kind = "transfer_in" if person.situation == "flow_in" else "transfer_out"
        _row(batch, person, NULL, kind, amount, "", 1)
    if person.situation == "churn":
        _row(batch, person, NULL, "transfer_out", round(person.aum * 0.8), "", 36 + batch.below(20))


def _transaction(batch: Batch, person: Person, days_ago: int) -> None:
    chance = batch.random.random()
    if chance < 0.55:
        amount = 20 + 3000 * batch.random.random() ** 4
        category = batch.pick(_CATEGORIES)
        _row(
            batch,
            person,
            NULL,
            "payment",
            amount * (8 if category == "装修" else 1),
            category,
            days_ago,
        )
    elif chance < 0.8:
        kind = "transfer_in" if chance < 0.68 else "transfer_out"
        _row(
            batch, person, NULL, kind, 100 + person.aum * 0.05 * batch.random.random(), "", days_ago
        )
    else:
        _trade(batch, person, "purchase" if chance < 0.93 else "redeem", days_ago)


def _trade(batch: Batch, person: Person, kind: str, days_ago: int) -> None:
    if person.aum < 1000:
        return
    product = _product(batch, person, "wealth" if batch.random.random() < 0.7 else "fund")
    amount = max(1000, round(person.aum * (0.05 + 0.25 * batch.random.random()) / 1000) * 1000)
    moment = _row(batch, person, str(product[0]), kind, amount, "", days_ago)
    if kind == "purchase":
        batch.add(
            "customerevent",
            f"{person.id}\tpurchase\t{moment}\tcore\t"
            f'{{"product": "{product[1]}", "amount": {amount}}}\n',
        )


def _row(
    batch: Batch,
    person: Person,
    product: str,
    kind: str,
    amount: float,
    category: str,
    days_ago: int,
) -> str:
    moment = batch.moment(days_ago)
    batch.add(
        "transaction", f"{person.id}\t{product}\t{kind}\t{amount:.2f}\t{category}\t{moment}\n"
    )
    return moment
