"""The tracked link: find out who opens it, note it, send them on. A visitor never sees an error."""

import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from campaigns import tracking
from campaigns.models import SendBatch
from channels import identity

logger = logging.getLogger(__name__)


@login_not_required
def link(request: HttpRequest, token: str) -> HttpResponse:
    batch = _batch(token)
    back = f"{settings.PUBLIC_URL}/t/{batch.token}/back/"
    state = batch.token[:16].replace("-", "0").replace("_", "0")
    return redirect(identity.authorize_url(back, state, sender=_sender(batch)))


def _batch(token: str) -> SendBatch:
    return get_object_or_404(SendBatch.objects.select_related("user"), token=token)


def _sender(batch: SendBatch) -> str:
    return batch.user.wecom_userid or ""


@login_not_required
def link_back(request: HttpRequest, token: str) -> HttpResponse:
    batch = _batch(token)
    contact = identity.visitor_of(request.GET.get("code", ""), sender=_sender(batch))
    tracking.click(batch=batch, contact=contact)
    return redirect(batch.target_url or "/")
