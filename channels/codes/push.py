"""Carries the difference between what is wanted and what WeCom has over to WeCom.

The call is made outside of any transaction. Making a code is recorded before it is asked for, so
that an answer that never came leads to reading WeCom first, and never to a second code.
"""

import datetime
import itertools
import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels.codes.drivers import Driver, driver_of
from channels.models import AnyCode, Code, ContactWay, FoundWay, GroupCode
from channels.models.codes import Payload
from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.api import NO_SUCH_CONFIG
from channels.providers.wecom.pictures import fetch_picture

logger = logging.getLogger(__name__)
Push = Code.Push
_BATCH = 20
_LEASE = datetime.timedelta(seconds=60)
_LOOK_AGAIN = datetime.timedelta(seconds=10)
_PAUSED = {
    ErrorClass.RATE: datetime.timedelta(seconds=60),
    ErrorClass.TRANSIENT: datetime.timedelta(0),
}
# What a person has to mend is tried again now and then: the mend may be made at WeCom's side.
_HOPELESS = datetime.timedelta(minutes=30)
_LOST = "企业微信里已没有这个活码，印出去的二维码已失效。点「重新创建」生成新的二维码。"
_UNKNOWN = (
    "企业微信没有答复，且入群码没有查询接口，无法确认是否已创建。点「重新创建」再建一个，"
    "前一个即使存在也没有人见过，不会有人扫。"
)
_KINDS: tuple[type[ContactWay] | type[GroupCode], ...] = (ContactWay, GroupCode)


def push_due() -> int:
    """Pushes every code that is due; returns how many were taken up."""
    count = 0
    for model in _KINDS:
        while codes := _claim(model):
            for code in codes:
                _guarded(code)
            count += len(codes)
    return count


def _claim(model: Any) -> list[AnyCode]:
    now = timezone.now()
    with transaction.atomic():
        due = model.objects.select_for_update(skip_locked=True).filter(push_at__lte=now)
        codes = list(due.order_by("push_at")[:_BATCH])
        for code in codes:
            code.push_at = now + _LEASE
        model.objects.bulk_update(codes, ["push_at"])
    return codes


def _guarded(code: AnyCode) -> None:
    try:
        if _keep_lease(code):
            _push(code)
    except ProviderError as error:
        _failed(code, error)
    except Exception:
        # Found again when its lease ends; the others go on.
        logger.exception("pushing %s %s", type(code).__name__, code.pk)


def _keep_lease(code: AnyCode) -> bool:
    """Renews this worker's claim; False when somebody else has the code by now."""
    mine = _rows(code).filter(push_at=code.push_at)
    code.push_at = timezone.now() + _LEASE
    return bool(mine.update(push_at=code.push_at))


def _rows(code: AnyCode) -> Any:
    return type(code)._default_manager.filter(pk=code.pk)


def _push(code: AnyCode) -> None:
    code.refresh_from_db()
    driver, payload = driver_of(code), code.wanted
    if not code.config_id and code.adding_since is not None:
        _look_for(code, driver)
    elif payload is None:
        _remove(code, driver)
    elif code.config_id:
        if payload != code.pushed:
            driver.update(code, payload)
        _done(code, payload, qr_code=code.qr_code or driver.read(code.config_id)["qr_code"])
    else:
        _add(code, driver, payload)


def _add(code: AnyCode, driver: Driver, payload: Payload) -> None:
    now = timezone.now()
    if not _rows(code).filter(config_id="", adding_since=None).update(adding_since=now):
        return
    code.adding_since = now
    try:
        config_id, qr_code = driver.add(code, payload)
    except ProviderError as error:
        if not error.uncertain:
            _rows(code).update(adding_since=None)
            code.adding_since = None
        raise
    if _keep_config(code, driver, config_id):
        _done(code, payload, qr_code=qr_code or driver.read(config_id)["qr_code"])
        # A poster may be printed a minute from now, and must carry WeCom's own picture.
        _picture(_rows(code).get())


def _keep_config(code: AnyCode, driver: Driver, config_id: str) -> bool:
    """The id first: without it the code could never be changed or deleted again."""
    if not _rows(code).filter(config_id="").update(config_id=config_id, adding_since=None):
        logger.warning("%s %s was made twice; the second is deleted", type(code).__name__, code.pk)
        driver.delete(config_id)
        return False
    code.config_id, code.adding_since = config_id, None
    FoundWay.objects.filter(config_id=config_id).delete()
    return True


def _look_for(code: AnyCode, driver: Driver) -> None:
    """Whether the call whose answer never came has made the code."""
    if not driver.can_find:
        _keep(code, Push.UNCERTAIN, _UNKNOWN, None)
    elif config_id := driver.find(code):
        if _keep_config(code, driver, config_id):
            # What it was made with is not known; everything is told again.
            _done(code, None, qr_code=driver.read(config_id)["qr_code"])
    elif _is_fresh(code):
        _keep(code, Push.UNCERTAIN, "企业微信没有答复，正在核实是否已创建。", _LOOK_AGAIN)
    else:
        _rows(code).filter(adding_since=code.adding_since).update(
            adding_since=None, push_at=timezone.now(), push_state=Push.WAITING
        )


def _is_fresh(code: AnyCode) -> bool:
    """A request may still be on its way; only after a while its absence means that it failed."""
    grace = datetime.timedelta(seconds=settings.RECONCILE_GRACE_SECONDS)
    return code.adding_since is not None and timezone.now() - code.adding_since < grace


def _remove(code: AnyCode, driver: Driver) -> None:
    if code.config_id:
        try:
            driver.delete(code.config_id)
        except ProviderError as error:
            if error.errcode != NO_SUCH_CONFIG:
                raise
    _done(code, None)


@transaction.atomic
def _done(code: AnyCode, payload: Payload | None, **known: str) -> None:
    """WeCom has `payload`; pushed again at once when something else is wanted by now."""
    row: AnyCode = _rows(code).select_for_update().get()
    for name, value in known.items():
        setattr(row, name, value)
    row.pushed, row.push_attempts, row.push_error = payload, 0, ""
    settled = row.wanted == payload
    row.push_state = Push.PUSHED if settled else Push.WAITING
    row.push_at = None if settled else timezone.now()
    row.save()


def _failed(code: AnyCode, error: ProviderError) -> None:
    logger.warning("pushing %s %s: %s", type(code).__name__, code.pk, error.message)
    later = datetime.timedelta(seconds=min(2 ** (code.push_attempts + 1), 300))
    if error.errcode == NO_SUCH_CONFIG:
        lost(code)
    elif code.adding_since is not None and not code.config_id:
        _keep(code, Push.UNCERTAIN, error.message, later)
    elif error.kind in {ErrorClass.PERMANENT, ErrorClass.CONFIGURATION}:
        _keep(code, Push.FAILED, error.message, _HOPELESS)
    else:
        _keep(code, Push.WAITING, error.message, max(later, _PAUSED[error.kind]))


def lost(code: AnyCode) -> None:
    """WeCom no longer has it: shown until a person has it made anew."""
    _keep(code, Push.GONE, _LOST, None)


def _keep(code: AnyCode, state: str, error: str, pause: datetime.timedelta | None) -> None:
    _rows(code).update(
        push_state=state,
        push_error=error[:300],
        push_attempts=min(code.push_attempts + 1, 8),
        push_at=None if pause is None else timezone.now() + pause,
    )


def pictures_due() -> int:
    """Fetches pictures that are still missing; returns how many came.

    Ends with the first that does not come: a host that is blocked must not hold up the queue.
    """
    missing = Q(picture=None) & ~Q(qr_code="") & ~Q(state=Code.State.DELETED)
    # In any order: one that never comes must not stand before all others.
    ways = ContactWay.objects.filter(missing).order_by("?")[:_BATCH]
    groups = GroupCode.objects.filter(missing).order_by("?")[:_BATCH]
    waiting: list[AnyCode] = [*ways, *groups]
    return len(list(itertools.takewhile(_picture, waiting)))


def _picture(code: AnyCode) -> bool:
    try:
        found = fetch_picture(code.qr_code)
    except ProviderError as error:
        logger.warning("picture of %s %s: %s", type(code).__name__, code.pk, error.message)
        return False
    _rows(code).update(picture=found.content, picture_type=found.content_type)
    return True
