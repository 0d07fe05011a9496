"""Samples: the same seed draws the same, every message has the same chance, complaints all count."""

import datetime
import math

import pytest
from django.urls import reverse
from django.utils import timezone

from compliance import behaviour
from compliance.models import Alert, Sample, SamplingPlan
from compliance.sampling import plan_draw, sample_review
from compliance.sampling.draw import draw, quota
from scrm.accounts.models import User
from scrm.core.errors import BusinessError, FourEyes
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import HARMLESS, RISKY, Chat


def chi_square_p(counts: list[int]) -> float:
    """Upper tail of the chi-square test for equal frequencies (Wilson–Hilferty)."""
    mean, k = sum(counts) / len(counts), len(counts) - 1
    statistic = sum((n - mean) ** 2 for n in counts) / mean
    z = ((statistic / k) ** (1 / 3) - (1 - 2 / (9 * k))) / math.sqrt(2 / (9 * k))
    return 0.5 * math.erfc(z / math.sqrt(2))


def test_the_same_seed_draws_the_same_in_any_order() -> None:
    keys = list(range(1, 400))
    strata = {("alice", "clean"): keys, ("bob", "grave"): list(range(1000, 1010))}
    turned = {name: list(reversed(rows)) for name, rows in reversed(strata.items())}
    one = draw(strata, seed="s1", percent=5, minimum=2)
    assert one == draw(turned, seed="s1", percent=5, minimum=2)
    assert one != draw(strata, seed="s2", percent=5, minimum=2)
    assert len([key for key in one if key < 1000]) == 20
    assert len([key for key in one if key >= 1000]) == 2


@pytest.mark.parametrize(
    ("size", "percent", "minimum", "expected"),
    [(0, 5, 1, 0), (3, 1, 1, 1), (3, 1, 5, 3), (200, 5, 1, 10), (201, 5, 1, 11), (10, 100, 0, 10)],
)
def test_quota(size: int, percent: float, minimum: int, expected: int) -> None:
    assert quota(size, percent, minimum) == expected


def test_every_message_has_the_same_chance_over_two_hundred_seeds() -> None:
    keys = list(range(5000, 5100))
    counts = dict.fromkeys(keys, 0)
    for number in range(200):
        for key in draw({"one": keys}, seed=f"seed-{number}", percent=20, minimum=1):
            counts[key] += 1
    assert sum(counts.values()) == 200 * 20
    # Drawing without replacement is tighter than independent draws, so p errs on the high side:
    # the statistic is scaled by what sampling a fifth takes from its variance.
    mean = 40
    spread = [mean + (n - mean) / math.sqrt(0.8) for n in counts.values()]
    assert chi_square_p(spread) > 0.01
    assert chi_square_p(spread) < 0.9999


@pytest.fixture
def talk(cast: Cast, chat: Chat) -> Chat:
    wang, zhao, li = (befriend(row) for row in (cast.wang, cast.zhao, cast.li))
    for _ in range(12):
        chat.say("alice", wang.external_userid, HARMLESS)
        chat.say("amy", zhao.external_userid, HARMLESS)
        chat.say("bob", li.external_userid, HARMLESS)
    for _ in range(3):
        chat.say("alice", wang.external_userid, RISKY)
    chat.say(wang.external_userid, "alice", "我要投诉！")
    chat.archive()
    behaviour.run()
    return chat


def values(cast: Cast, **more) -> dict:
    today = timezone.localdate()
    return {
        "name": "十一月抽检",
        "branch": cast.beijing,
        "since": today - datetime.timedelta(days=2),
        "until": today,
        "percent": 10,
        "minimum": 2,
        **more,
    }


def test_strata_seed_scope_and_complaints(cast: Cast, talk: Chat) -> None:
    plan = plan_draw(values=values(cast), actor=cast.officer, seed="fix")
    rows = Sample.objects.filter(plan=plan)
    layers = sorted(rows.values_list("user__username", "stratum", "always"))
    assert layers == [
        ("alice", "clean", False),
        ("alice", "clean", False),
        ("alice", "complaint", True),
        ("alice", "grave", False),
        ("alice", "grave", False),
        ("amy", "clean", False),
        ("amy", "clean", False),
    ]
    assert (plan.population, plan.strata) == (27, 3)
    again = plan_draw(values=values(cast), actor=cast.officer, seed="fix")
    first, second = (
        list(row.samples.order_by("message").values_list("message", flat=True))
        for row in (plan, again)
    )
    assert first == second
    assert plan_draw(values=values(cast), actor=cast.officer).seed != "fix"


def test_what_cannot_be_drawn(cast: Cast, talk: Chat) -> None:
    today = timezone.localdate()
    for wrong in (
        {"since": today, "until": today - datetime.timedelta(days=1)},
        {"since": today - datetime.timedelta(days=200)},
        {"percent": 0},
        {"branch": cast.shanghai},
    ):
        with pytest.raises(BusinessError):
            plan_draw(values=values(cast, **wrong), actor=cast.officer)
    long_ago = {
        "since": today - datetime.timedelta(days=90),
        "until": today - datetime.timedelta(days=80),
    }
    with pytest.raises(BusinessError, match="没有员工消息"):
        plan_draw(values=values(cast, **long_ago), actor=cast.officer)
    assert not SamplingPlan.objects.exists()


def test_judging_a_sample_once_and_not_ones_own(cast: Cast, talk: Chat) -> None:
    plan = plan_draw(values=values(cast), actor=cast.officer, seed="fix")
    clean = plan.samples.filter(stratum="clean", user=cast.alice)
    one, two = clean
    with pytest.raises(BusinessError):
        sample_review(sample=one, result="violation", note="", actor=cast.officer)
    User.objects.filter(pk=cast.alice.pk).update(manager=cast.officer)
    with pytest.raises(FourEyes):
        sample_review(sample=one, result="pass", note="", actor=cast.officer)
    sample_review(sample=one, result="pass", note="", actor=cast.officer_head)
    with pytest.raises(BusinessError, match="已经判定"):
        sample_review(sample=one, result="pass", note="", actor=cast.officer_head)
    before = Alert.objects.count()
    sample_review(
        sample=two, result="violation", note="暗示收益", actor=cast.officer_head, severity=3
    )
    assert Alert.objects.count() == before + 1
    alert = Alert.objects.get(subject="sample")
    assert (alert.severity, alert.message, alert.user) == (3, two.message, cast.alice)
    assert not alert.findings
    grave = plan.samples.filter(stratum="grave").first()
    sample_review(sample=grave, result="violation", note="承诺保本", actor=cast.officer_head)
    assert Alert.objects.count() == before + 1  # its alert was there already


def test_the_pages(cast: Cast, talk: Chat, sign_in) -> None:
    client, today = sign_in(cast.officer), timezone.localdate()
    url = reverse("compliance:sampling")
    bad = client.post(
        url,
        {
            "name": "x",
            "branch": cast.beijing.pk,
            "since": today,
            "until": "2020-01-01",
            "percent": 5,
            "minimum": 1,
        },
    )
    assert "开始日期晚于" in bad.content.decode()
    client.post(
        url,
        {
            "name": "周抽检",
            "branch": cast.beijing.pk,
            "since": today - datetime.timedelta(days=3),
            "until": today,
            "percent": 20,
            "minimum": 1,
            "seed": "abc",
        },
    )
    plan = SamplingPlan.objects.get()
    page = reverse("compliance:sampling_plan", args=[plan.pk])
    assert "abc" in client.get(page).content.decode()
    row = plan.samples.filter(always=False).first()
    detail = reverse("compliance:sample", args=[row.pk])
    assert client.get(detail).status_code == 200
    client.post(
        reverse("compliance:sample_review", args=[row.pk]),
        {"result": "violation", "note": "夸大", "severity": "2"},
    )
    html = client.get(page).content.decode()
    assert "100.0%" in html
    other = sign_in(cast.officer_shanghai)
    for address in (page, detail):
        assert other.get(address).status_code == 404
    assert sign_in(cast.officer_head).get(page).status_code == 200
