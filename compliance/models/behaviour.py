"""How far a behaviour rule has read the archive."""

from django.db import models


class BehaviourMark(models.Model):
    """Moved in the transaction that raises what was found, so that nothing is skipped."""

    code = models.CharField(max_length=30, unique=True)
    message_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.code} {self.message_id}"
