"""The message archive: append-only rows; what is learned later goes into rows of its own."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from compliance.models.content import ContentField
from contacts.models import Customer, ExternalContact
from scrm.core.scope import ScopedQuerySet


class ArchiveCursor(models.Model):
    """Highest seq whose envelope is committed; moves in the same transaction as the envelopes."""

    corp_id = models.CharField(max_length=64, unique=True)
    seq = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(default=timezone.now)
    # Last time that the source answered at all, with records or without.
    answered_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=200, blank=True)


class ArchiveEnvelope(models.Model):
    """What WeCom gave, encrypted as it came."""

    corp_id = models.CharField(max_length=64)
    seq = models.BigIntegerField()
    msgid = models.CharField(max_length=120)
    publickey_ver = models.IntegerField()
    encrypt_random_key = models.TextField()
    encrypt_chat_msg = models.TextField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["corp_id", "seq"], name="envelope_seq_once")]


class MessageQuerySet(ScopedQuerySet["ArchivedMessage"]):
    branch_path = "user__branch__path"
    owner = "user"


class ArchivedMessage(models.Model):
    """One decoded message, or the record that an envelope could not be decoded (msgtype undecodable)."""

    # No constraint: envelopes cannot be deleted or renumbered, and the log's leaf names the envelope.
    envelope = models.OneToOneField(
        ArchiveEnvelope, models.PROTECT, related_name="message", db_constraint=False
    )
    msgid = models.CharField(max_length=120)
    action = models.CharField(max_length=10)
    msgtype = models.CharField("类型", max_length=30)
    sender = models.CharField("发送方", max_length=64)
    receivers = models.JSONField()
    room_id = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField("时间")
    from_staff = models.BooleanField()
    # No constraints: one trigger checks all rows of a statement at once (migration 0018).
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="员工",
        db_index=False,
        db_constraint=False,
    )
    contact = models.ForeignKey(
        ExternalContact,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    # Conversation: "userid|external_userid" or the room; one index serves the context view.
    conversation = models.CharField(max_length=140)
    # What was said, sealed in one: exactly what the message's leaf hashes. Empty: purged.
    content = ContentField(bound_to="envelope_id", blank=True)
    # msgid that a recall record takes back.
    recalls = models.CharField(max_length=120, blank=True)
    error = models.CharField(max_length=200, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        # Each index is paid for with every message: only those that a reader needs. Ascending, as
        # time goes on: read backwards for the newest first, half as large.
        indexes = [
            models.Index(fields=["msgid"], name="message_msgid"),
            models.Index(
                fields=["recalls"], name="message_recall", condition=~models.Q(recalls="")
            ),
            models.Index(
                fields=["contact", "-sent_at"],
                name="message_consent",
                condition=models.Q(msgtype__in=("agree", "disagree")),
            ),
            models.Index(fields=["conversation", "sent_at"], name="message_conversation"),
            models.Index(fields=["user", "sent_at"], name="message_user"),
            models.Index(fields=["customer", "sent_at"], name="message_customer"),
            models.Index(fields=["sent_at"], name="message_sent"),
        ]

    def __str__(self) -> str:
        return f"消息 {timezone.localtime(self.sent_at):%m-%d %H:%M}"

    @property
    def body(self) -> str:
        """The plain JSON as decrypted. Raises crypto.DecryptionFailed."""
        return self.content.body  # type: ignore[attr-defined]

    @property
    def text(self) -> str:
        """What is scanned and shown. Raises crypto.DecryptionFailed."""
        return self.content.text  # type: ignore[attr-defined]


class MessageScan(models.Model):
    """One decision of one engine with one lexicon about one message; never overwritten."""

    # Messages cannot be deleted, so no constraint; the unique constraint below begins with it.
    message = models.ForeignKey(
        ArchivedMessage,
        models.PROTECT,
        related_name="scans",
        db_index=False,
        db_constraint=False,
    )
    engine_version = models.CharField(max_length=60)
    lexicon_version = models.CharField(max_length=20)
    lexicon_digest = models.CharField(max_length=64)
    # None: clean.
    severity = models.PositiveSmallIntegerField(null=True)
    # Spans without the words themselves: those stay in the sealed text of the message.
    findings = models.JSONField(default=list)
    # What the engine knew beside the text, so that the decision can be made again years later:
    # archive.judging says which names. NULL: a decision from before this was kept.
    given = models.JSONField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "engine_version", "lexicon_digest"], name="scan_once_per_policy"
            )
        ]

    def shown(self, text: str) -> list[dict[str, Any]]:
        """The findings with their words, cut from the message's text."""
        return [{**f, "excerpt": text[f["start"] : f["end"]]} for f in self.findings]
