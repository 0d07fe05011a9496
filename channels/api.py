"""State of the connection for head office's monitoring."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels import selectors
from scrm.core.access import HQ, Access


class ConnectionView(APIView):
    access = Access(frozenset({HQ}), frozenset())

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Callbacks without a good end (each state counted to 10,000), outgoing tasks by state, and
        the last walk."""
        run = selectors.latest_sync()
        walk = {"state": run.state, "counts": run.counts, "error": run.error} if run else None
        return Response(
            {"inbox": selectors.inbox_open(), "outbox": selectors.outbox_counts(), "sync": walk}
        )
