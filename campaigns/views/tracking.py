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
    batch = get_object_or_404(SendBatch, token=token)
    back = f"{settings.PUBLIC_URL}/t/{batch.token}/back/"
    return redirect(
        identity.authorize_url(back, state=batch.token[:16].replace("-", "0").replace("_", "0"))
    )


@login_not_required
def link_back(request: HttpRequest, token: str) -> HttpResponse:
    batch = get_object_or_404(SendBatch, token=token)
    contact = identity.visitor_of(request.GET.get("code", ""))
    tracking.click(batch=batch, contact=contact)
    return redirect(batch.target_url or "/")
