"""Read API over alerts and the archive's state. No chat text leaves through it."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance.models import Alert, ArchivedMessage, ArchiveEnvelope, LogLeaf, MessageScan
from scrm.accounts.permissions import reader
from scrm.core.access import AUDITOR, OFFICER, Access


class AlertSerializer(serializers.ModelSerializer[Alert]):
    case = serializers.IntegerField(source="case.pk", default=None)
    user = serializers.CharField(source="user.wecom_userid", default="")

    class Meta:
        model = Alert
        fields = ("id", "severity", "category", "state", "user", "raised_at", "due_at", "case")


class AlertViewSet(viewsets.ReadOnlyModelViewSet[Alert]):
    access = Access(frozenset({OFFICER}), frozenset())
    serializer_class = AlertSerializer
    queryset = Alert.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        rows = Alert.objects.visible_to(reader(self.request)).select_related("user", "case")
        return rows.order_by("-severity", "due_at", "id")


class ArchiveView(APIView):
    access = Access(frozenset({OFFICER, AUDITOR}), frozenset())

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """How many records were received, decoded, sealed and scanned."""
        return Response(
            {
                "received": ArchiveEnvelope.objects.count(),
                "decoded": ArchivedMessage.objects.exclude(msgtype="undecodable").count(),
                "undecodable": ArchivedMessage.objects.filter(msgtype="undecodable").count(),
                "sealed": LogLeaf.objects.filter(kind=LogLeaf.Kind.MESSAGE).count(),
                "scanned": MessageScan.objects.values("message").distinct().count(),
            }
        )
