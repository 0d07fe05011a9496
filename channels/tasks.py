"""Celery's side of the channels: one line each, idempotent by row state."""

import contextlib

from celery import shared_task

from channels.codes import arrivals, push
from channels.inbox import forgetting, processing
from channels.media import uploads
from channels.models import SyncRun
from channels.outbox import queue, reconcile, results, sending, welcomes
from channels.sync import walk
from channels.sync.selectors import corporations
from channels.tags import push as tag_push
from scrm.core import bell
from scrm.core.actors import SYSTEM
from scrm.core.errors import BusinessError


@shared_task
def inbox_drain() -> int:
    bell.answered(inbox_drain)
    return processing.drain()


@shared_task
def welcome_send() -> int:
    bell.answered(welcome_send)
    return welcomes.send_due()


@shared_task
def welcome_sweep() -> int:
    return welcomes.send_due() + welcomes.sweep()


@shared_task
def outbox_send() -> int:
    return sending.send_due()


@shared_task
def outbox_sweep() -> int:
    queue.cancel_due()
    return sending.give_up_stuck() + reconcile.reconcile_due() + sending.send_due()


@shared_task
def results_poll() -> int:
    return results.poll_due()


@shared_task
def sync_continue(run_id: int) -> None:
    walk.proceed(SyncRun.objects.get(pk=run_id))


@shared_task
def sync_sweep() -> int:
    return walk.resume_stalled()


@shared_task
def codes_push() -> int:
    bell.answered(codes_push)
    return push.push_due()


@shared_task
def codes_tick() -> int:
    arrivals.refresh_all()
    arrivals.tag_late()
    return push.push_due() + push.pictures_due()


@shared_task
def codes_check() -> None:
    for corp_id in corporations():
        with contextlib.suppress(BusinessError):  # One is running already.
            walk.start(kind=SyncRun.Kind.CONTACT_WAYS, corp_id=corp_id, actor=SYSTEM)


@shared_task
def tags_push() -> int:
    return tag_push.push_due()


@shared_task
def media_refresh() -> int:
    return uploads.refresh_due()


@shared_task
def callbacks_forget() -> int:
    return forgetting.forget_old()
