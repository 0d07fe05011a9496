"""Gives each request an id that its audit rows, log lines and error page share."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from scrm.audit.context import Origin, current


class RequestId:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        token = current.set(Origin(request_id, request.META.get("REMOTE_ADDR") or None))
        try:
            response = self.get_response(request)
        finally:
            current.reset(token)
        response.headers["X-Request-Id"] = request_id
        return response
