"""WeCom tells that chat records wait; the audit trail tells what belongs into the log."""

import datetime
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from channels.signals import archive_notified
from compliance.archive.log.append import append_audit
from compliance.archive.log.subjects import logged
from compliance.models import EvidencePackage, LexiconRun, LexiconVersion
from compliance.signals import (
    anchor_due,
    evidence_due,
    lexicon_activated,
    lexicon_drafted,
    lexicon_scheduled,
)
from scrm.audit.models import AuditEvent
from scrm.audit.signals import recorded
from scrm.core.actors import Actor
from scrm.core.bell import ring

_SOON = datetime.timedelta(minutes=30)


@receiver(archive_notified)
def on_archive_notified(corp_id: str, **_: Any) -> None:
    # Imported here: tasks stand above receivers in the import order of the app.
    from compliance.tasks import archive_pull

    ring(archive_pull)


@receiver(recorded)
def on_recorded(event: AuditEvent, **_: Any) -> None:
    if logged(event.action):
        append_audit([event])


@receiver(lexicon_drafted)
def on_lexicon_drafted(version: LexiconVersion, actor: Actor, **_: Any) -> None:
    from compliance.lexicon_runs import lexicon_run_start

    lexicon_run_start(version=version, kind=LexiconRun.Kind.PREVIEW, actor=actor)


@receiver(lexicon_activated)
def on_lexicon_activated(**_: Any) -> None:
    from compliance.tasks import intercept_push

    ring(intercept_push)


@receiver(lexicon_scheduled)
def on_lexicon_scheduled(version: LexiconVersion, **_: Any) -> None:
    from compliance.tasks import lexicons_promote

    wait = (version.effective_at - timezone.now()) if version.effective_at else datetime.timedelta()
    # A far bell would lie in the broker for weeks; the periodic task rings then.
    if wait <= _SOON:
        ring(lexicons_promote, countdown=max(0.0, wait.total_seconds()) + 0.1)


@receiver(anchor_due)
def on_anchor_due(**_: Any) -> None:
    from compliance.tasks import log_anchor

    ring(log_anchor)


@receiver(evidence_due)
def on_evidence_due(package: EvidencePackage, **_: Any) -> None:
    from compliance.tasks import evidence_build

    ring(evidence_build, package.pk)
