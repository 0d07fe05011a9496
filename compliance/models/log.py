"""The transparency log: leaves, stored subtree hashes, signed heads, mirrored anchors.

All append-only. What a leaf hashes is rebuilt from the row it speaks of (see archive.log.leaves).
"""

from django.db import models


class LogLeaf(models.Model):
    class Kind(models.TextChoices):
        MESSAGE = "message", "消息"
        MEDIA = "media", "媒体"
        SCAN = "scan", "扫描结论"
        DECISION = "decision", "审核结论"
        AUDIT = "audit", "操作"
        EVENT = "event", "事件"

    # Contiguous from 0, given under a lock that lasts to the commit.
    index = models.BigIntegerField("序号", primary_key=True)
    kind = models.CharField("类别", max_length=10, choices=Kind)
    # Key of the row that the leaf speaks of; an event has its facts here instead.
    ref = models.BigIntegerField(null=True)
    facts = models.TextField(blank=True)
    # Blinds the content hash, so that a leaf hash gives nothing away about a short text.
    salt = models.BinaryField(default=bytes)
    sha256 = models.BinaryField()
    sm3 = models.BinaryField()
    # Never earlier than the leaf before.
    created_at = models.DateTimeField("时间")

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["kind", "ref"], name="leaf_once_per_row")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}叶 {self.index}"


class LogSubtree(models.Model):
    """Root of a complete subtree of 2**height leaves; kept for heights that are multiples of 8."""

    height = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    sha256 = models.BinaryField()
    sm3 = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["height", "index"], name="subtree_once")]


class LogHead(models.Model):
    """The root at one size, under a key that is not in the database, and signed."""

    size = models.BigIntegerField(unique=True)
    sha256 = models.BinaryField()
    sm3 = models.BinaryField()
    at = models.DateTimeField("时间")
    chain_key = models.CharField(max_length=40)
    hmac = models.CharField(max_length=64)
    signing_key = models.CharField(max_length=40)
    signature = models.CharField(max_length=128)

    class Meta:
        ordering = ["size"]

    def __str__(self) -> str:
        return f"链头 {self.size}"


class LogAnchor(models.Model):
    """Mirror of one line of the anchor file; verification reads the file itself."""

    number = models.BigIntegerField(unique=True)
    head = models.OneToOneField(LogHead, models.PROTECT, related_name="anchor")
    line_hash = models.CharField(max_length=64)
    at = models.DateTimeField("时间")
    stamped = models.BooleanField("时间戳", default=False)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"锚 {self.number}"
