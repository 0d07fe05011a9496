"""The request as pages get it: past the login and access checks, with htmx's details."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from scrm.accounts.models import User


class Request(HttpRequest):
    if TYPE_CHECKING:
        user: User  # type: ignore[assignment]
        htmx: HtmxDetails
