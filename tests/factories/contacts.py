"""Customers and what belongs to them."""

import datetime
from typing import Any

import factory
from django.utils import timezone

from contacts.models import Customer, ExternalContact, Follow, Holding, Product, Tag, TagGroup, Task
from scrm.accounts.models import Branch, User
from scrm.core import crypto


def make_branch(name: str, parent: Branch | None = None) -> Branch:
    kind = {0: "head", 1: "branch"}.get(parent.path.count("/") - 1 if parent else 0, "sub")
    row = Branch.objects.create(name=name, code=f"code-{name}", kind=kind, parent=parent, path=f"new-{name}")
    row.path = f"{parent.path if parent else '/'}{row.pk}/"
    row.save()
    return row


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"contacts-user{n}")
    name = "张三"
    role = "rm"
    password = "!"
    wecom_userid = factory.LazyAttribute(lambda user: user.username)


class CustomerFactory(factory.django.DjangoModelFactory[Customer]):
    class Meta:
        model = Customer

    number = factory.Sequence(lambda n: f"7{n:09d}")
    name = "李静"
    gender = "F"
    birthday = datetime.date(1985, 6, 1)
    tier = "gold"
    stage = "active"
    risk_level = 3
    risk_expires_on = factory.LazyFunction(lambda: timezone.localdate() + datetime.timedelta(days=90))
    aum = 100_000
    branch = factory.LazyAttribute(lambda row: row.owner.branch)
    phone = factory.Sequence(lambda n: f"138{n:08d}")
    phone_index = factory.LazyAttribute(lambda row: crypto.phone_index(row.phone))
    id_number = "42019919850601002X"
    unionid = factory.Sequence(lambda n: f"union-{n}")
    opened_on = datetime.date(2020, 1, 1)


class ContactFactory(factory.django.DjangoModelFactory[ExternalContact]):
    class Meta:
        model = ExternalContact

    external_userid = factory.Sequence(lambda n: f"wm-test-{n}")
    name = "晴天"


class FollowFactory(factory.django.DjangoModelFactory[Follow]):
    class Meta:
        model = Follow

    added_at = factory.LazyFunction(timezone.now)
    as_of = factory.LazyFunction(timezone.now)


class TaskFactory(factory.django.DjangoModelFactory[Task]):
    class Meta:
        model = Task

    owner = factory.LazyAttribute(lambda row: row.customer.owner)
    kind = "maturity"
    reason = "理财 50 万 3 天后到期，未续约"
    action = "联系承接"
    due_on = factory.LazyFunction(timezone.localdate)
    source = factory.Sequence(lambda n: f"test:{n}")


class ProductFactory(factory.django.DjangoModelFactory[Product]):
    class Meta:
        model = Product

    code = factory.Sequence(lambda n: f"T{n:03d}")
    name = "稳享固收 90 天"
    kind = "wealth"
    issuer_grade = 2
    seller_grade = 2
    sale_from = datetime.date(2024, 1, 1)


class HoldingFactory(factory.django.DjangoModelFactory[Holding]):
    class Meta:
        model = Holding

    product = factory.SubFactory(ProductFactory)
    amount = 100_000
    started_on = factory.LazyFunction(lambda: timezone.localdate() - datetime.timedelta(days=30))


def make_tag(name: str = "固收+") -> Tag:
    group, _ = TagGroup.objects.get_or_create(name="投资偏好")
    return Tag.objects.create(group=group, name=name)


def login(client: Any, user: User) -> Any:
    client.force_login(user)
    return client
