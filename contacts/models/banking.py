"""Products, and what the bank's core systems tell of each customer."""

from django.db import models

from contacts.models.customer import Customer


class Product(models.Model):
    class Kind(models.TextChoices):
        DEPOSIT = "deposit", "存款"
        WEALTH = "wealth", "理财"
        FUND = "fund", "基金"
        INSURANCE = "insurance", "保险"
        LOAN = "loan", "贷款"

    code = models.CharField("产品代码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类型", max_length=10, choices=Kind)
    issuer_grade = models.PositiveSmallIntegerField("发行方风险等级")
    seller_grade = models.PositiveSmallIntegerField("代销方风险等级")
    sale_from = models.DateField("起售日")
    sale_to = models.DateField("停售日", null=True)
    benchmark = models.CharField("业绩比较基准", max_length=40, blank=True)

    class Meta:
        ordering = ["kind", "code"]

    def __str__(self) -> str:
        return f"{self.name}（R{self.risk_grade}）"

    @property
    def risk_grade(self) -> int:
        """The higher of issuer and seller counts (金融机构产品适当性管理办法)."""
        return max(self.issuer_grade, self.seller_grade)


class Holding(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="holdings")
    product = models.ForeignKey(Product, models.PROTECT)
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2)
    started_on = models.DateField("起息日")
    matures_on = models.DateField("到期日", null=True)
    closed_on = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer"], name="holding_customer"),
            models.Index(
                fields=["matures_on", "customer"],
                condition=models.Q(closed_on=None),
                name="holding_open_maturity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.amount}"


class Transaction(models.Model):
    class Kind(models.TextChoices):
        PURCHASE = "purchase", "申购"
        REDEEM = "redeem", "赎回"
        TRANSFER_IN = "transfer_in", "转入"
        TRANSFER_OUT = "transfer_out", "转出"
        PAYMENT = "payment", "消费"

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="transactions", db_index=False
    )
    product = models.ForeignKey(Product, models.PROTECT, null=True, db_index=False)
    kind = models.CharField("类型", max_length=15, choices=Kind)
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2)
    category = models.CharField("场景", max_length=20, blank=True)
    occurred_at = models.DateTimeField("时间")

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-occurred_at"], name="transaction_customer_time"),
            models.Index(fields=["kind", "occurred_at"], name="transaction_kind_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount}"
