"""Files of archived messages: what is to be fetched, how far it came, where the blob is."""

from django.db import models
from django.utils import timezone

from compliance.models.archive import ArchivedMessage
from scrm.core.fields import RowEncryptedTextField


class ArchivedMedia(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", "等待下载"
        FETCHING = "fetching", "下载中"
        STORED = "stored", "已保存"
        EXPIRED = "expired", "已过期"
        FAILED = "failed", "下载失败"
        PURGING = "purging", "清除中"
        PURGED = "purged", "已清除"

    message = models.ForeignKey(ArchivedMessage, models.PROTECT, related_name="media")
    # Place among the files of its message, nested ones included.
    position = models.PositiveSmallIntegerField()
    kind = models.CharField("类型", max_length=30)
    # WeCom's handle opens the file for whoever has the archive's secret: encrypted like the rest.
    sdkfileid = RowEncryptedTextField(bound_to="message_id", blank=True)
    file_hash = models.CharField(max_length=64, db_index=True)
    name = RowEncryptedTextField(bound_to="message_id", blank=True)
    stated_md5 = models.CharField(max_length=32, blank=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    # Name of the unfinished file, its length, its chunks, and where WeCom's next chunk begins.
    part = models.CharField(max_length=40, blank=True)
    part_bytes = models.BigIntegerField(default=0)
    chunks = models.IntegerField(default=0)
    next_index = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    sm3 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    # The content is not what the message said it would be, after a second try as well.
    mismatch = models.BooleanField("校验不符", default=False)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    seen_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    stored_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "position"], name="media_place_once")
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state__in=("waiting", "fetching")),
                name="media_to_fetch",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
