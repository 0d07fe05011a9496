"""What belongs to a customer: duties, holdings, tags."""

import datetime

import factory
from django.utils import timezone

from contacts.models import Holding, Product, Tag, TagGroup, Task


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
