"""The blind search index of the archive: it can be dropped and built anew from the messages."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from compliance.models.archive import ArchivedMessage


class MessageIndex(models.Model):
    """Keyed hashes of a message's character pairs, and the facets that searches narrow by."""

    message = models.OneToOneField(
        # The index may be older or newer than what it speaks of, so no constraint ties them.
        ArchivedMessage,
        models.DO_NOTHING,
        primary_key=True,
        related_name="index",
        db_constraint=False,
    )
    # Copies of the message's own columns, so that a search reads one table.
    sent_at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    from_staff = models.BooleanField()
    msgtype = models.CharField(max_length=30)
    tokens = ArrayField(models.IntegerField())

    class Meta:
        # Ascending, as time goes on: read backwards for the newest first, half as large.
        indexes = [
            # Entries wait until 16 MB of them are sorted in together: a quarter less work, and a
            # search looks through a few hundredths of a second's worth of them at the most.
            GinIndex(fields=["tokens"], name="index_tokens", gin_pending_list_limit=16384),
            models.Index(fields=["sent_at", "message"], name="index_newest"),
            models.Index(fields=["user_id", "sent_at"], name="index_user"),
            models.Index(fields=["customer_id", "sent_at"], name="index_customer"),
        ]
