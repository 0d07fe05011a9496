"""Lexicon versions: a version is drafted, approved by a second person and then active for all."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class LexiconVersion(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        APPROVED = "approved", "待生效"
        ACTIVE = "active", "生效中"
        RETIRED = "retired", "已停用"

    number = models.CharField("版本", max_length=20, unique=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    digest = models.CharField(max_length=64)
    note = models.CharField("说明", max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    # With a moment ahead: approved until then, in force from then on.
    effective_at = models.DateTimeField("生效时间", null=True)
    # In force from activated_at to retired_at.
    activated_at = models.DateTimeField("生效", null=True)
    retired_at = models.DateTimeField("停用", null=True)
    # What the person who put it in force had seen and accepted: [newly hit, vanished, lost].
    accepted_impact = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="lexicon_one_active"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="approved"), name="lexicon_one_approved"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved") | models.Q(effective_at__isnull=False),
                name="lexicon_approved_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class LexiconTerm(models.Model):
    version = models.ForeignKey(LexiconVersion, models.CASCADE, related_name="terms")
    text = models.CharField("词条", max_length=100)
    category = models.CharField("类别", max_length=30)
    severity = models.PositiveSmallIntegerField("级别")
    kind = models.CharField("性质", max_length=10)
    target = models.CharField(max_length=100, blank=True)
    rule_id = models.CharField(max_length=60, blank=True)
    # First and last day on which the term counts; None: without an end on that side.
    since = models.DateField("生效日", null=True)
    until = models.DateField("失效日", null=True)

    class Meta:
        ordering = ["category", "text"]

    def __str__(self) -> str:
        return self.text


class LexiconRun(models.Model):
    """One walk over the archive with one version: a preview of its impact, or a rescan.

    Its parts are the truth: workers move them forward in batches and any of them may go on. The
    counts here are the sums of theirs.
    """

    class Kind(models.TextChoices):
        PREVIEW = "preview", "影响预览"
        RESCAN = "rescan", "存档重扫"

    class State(models.TextChoices):
        RUNNING = "running", "进行中"
        DONE = "done", "已完成"
        FAILED = "failed", "已中断"

    version = models.ForeignKey(LexiconVersion, models.CASCADE, related_name="runs")
    kind = models.CharField("种类", max_length=10, choices=Kind)
    state = models.CharField("状态", max_length=10, choices=State, default=State.RUNNING)
    # Only messages sent since; None: the whole archive.
    since = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    newly = models.PositiveIntegerField("新命中", default=0)
    vanished = models.PositiveIntegerField("不再命中", default=0)
    lost = models.PositiveIntegerField("将丢失的已确认违规", default=0)
    unread = models.PositiveIntegerField("未能扫描", default=0)
    # Keys of the first messages of each sort, to look at.
    samples = models.JSONField(default=dict)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    started_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "kind"],
                condition=models.Q(state="running"),
                name="lexicon_one_run_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"

    @property
    def percent(self) -> int:
        return 100 if not self.total else min(100, 100 * self.done // self.total)


class LexiconRunPart(models.Model):
    """A range of message keys of one walk, with its own place and counts: one process at a time."""

    run = models.ForeignKey(LexiconRun, models.CASCADE, related_name="parts")
    after = models.BigIntegerField()  # key of the last message that was done
    last = models.BigIntegerField()  # key of the last message of the range
    finished = models.BooleanField(default=False)
    done = models.PositiveIntegerField(default=0)
    newly = models.PositiveIntegerField(default=0)
    vanished = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)
    unread = models.PositiveIntegerField(default=0)
    samples = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.after}-{self.last}"
