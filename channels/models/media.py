"""Files that customers may get, and where they stand at WeCom, whose copy dies after three days."""

from django.db import models
from django.utils import timezone


class MediaFile(models.Model):
    """Bytes under a name, once each; never changed, because an approval covers the digest."""

    class Kind(models.TextChoices):
        IMAGE = "image", "图片"
        VIDEO = "video", "视频"
        FILE = "file", "文件"

    kind = models.CharField("类型", max_length=5, choices=Kind)
    name = models.CharField("文件名", max_length=120)
    # SHA-256 over kind, name and bytes, in hex: see channels.media.files.
    digest = models.CharField(max_length=64, unique=True)
    content_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField("字节")
    content = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class MediaUpload(models.Model):
    """The copy of one file at one corporation; usable while `expires_at` is ahead."""

    file = models.ForeignKey(MediaFile, models.CASCADE, related_name="uploads")
    corp_id = models.CharField(max_length=64)
    media_id = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField(null=True)
    # Why the last try failed; emptied by the next success.
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Not tried before; also the claim of the worker that is at it.
    next_attempt_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "corp_id"], name="media_upload_once")
        ]
