"""Boards count what their reader may see, and nothing else."""

import datetime

from django.utils import timezone

from contacts.models import Transaction
from scrm.insights import selectors
from tests.factories.cast import Cast, befriend


def _buy(customer: object, amount: int, days_ago: int) -> None:
    Transaction.objects.create(
        customer=customer,
        kind="purchase",
        amount=amount,
        occurred_at=timezone.now() - datetime.timedelta(days=days_ago),
    )


def _kpi(user: object, name: str) -> selectors.Kpi:
    return next(kpi for kpi in selectors.kpis(user) if kpi.name == name)  # type: ignore[arg-type]


def test_coverage_is_friends_among_customers_in_scope(cast: Cast) -> None:
    befriend(cast.wang)
    befriend(cast.li)
    assert _kpi(cast.admin, "客户覆盖度").value == 50.0
    assert _kpi(cast.hq, "客户覆盖度").value == 66.7
    assert _kpi(cast.amy, "客户覆盖度").value == 0.0


def test_sales_compare_with_the_window_before(cast: Cast) -> None:
    _buy(cast.wang, 300, 5)
    _buy(cast.wang, 200, 40)
    _buy(cast.li, 9_000, 5)
    ours = _kpi(cast.admin, "产品销量")
    assert (ours.value, ours.previous, ours.change) == (300.0, 200.0, 50.0)
    assert _kpi(cast.hq, "产品销量").value == 9_300.0


def test_dormant_customers_who_bought(cast: Cast) -> None:
    for row in (cast.wang, cast.zhao):
        row.stage = "dormant"
        row.save()
    _buy(cast.wang, 100, 3)
    assert _kpi(cast.admin, "沉睡空白激活").value == 50.0


def test_the_page_shows_no_other_branch(cast: Cast, sign_in) -> None:
    page = sign_in(cast.admin).get("/board/").content.decode()
    assert "东城支行" in page
    assert "徐汇支行" not in page
