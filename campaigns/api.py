"""Read API over campaigns and their ledger, in the same scope as the pages."""

from typing import Any

from rest_framework import serializers, viewsets

from campaigns import selectors
from campaigns.filters import DeliveryFilter
from campaigns.models import Campaign, Delivery
from scrm.accounts.permissions import reader
from scrm.core.access import ADMIN, HQ, Access

_READERS = Access(frozenset({ADMIN, HQ}), frozenset())


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    funnel = serializers.SerializerMethodField()
    states = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()

    class Meta:
        model = Campaign
        fields = ("id", "name", "state", "launched_at", "planned_at", "funnel", "states", "reasons")

    def get_funnel(self, row: Campaign) -> dict[str, int]:
        return selectors.funnel(row, self.context["request"].user)

    def get_states(self, row: Campaign) -> dict[str, int]:
        counts = selectors.state_counts(row, self.context["request"].user)
        return {code: n for code, _, n in counts}

    def get_reasons(self, row: Campaign) -> dict[str, int]:
        return {r.code: r.count for r in selectors.reasons(row, self.context["request"].user)}


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    customer_number = serializers.CharField(source="customer.number", read_only=True)
    external_userid = serializers.CharField(source="contact.external_userid", default="")
    sender = serializers.CharField(source="user.wecom_userid", default="")

    class Meta:
        model = Delivery
        fields = (
            "id", "campaign", "customer_number", "external_userid", "sender", "state", "reason",
            "checks", "handed_over_at", "confirmed_at", "delivered_at", "clicked_at", "replied_at",
        )  # fmt: skip


class CampaignViewSet(viewsets.ReadOnlyModelViewSet[Campaign]):
    access = _READERS
    serializer_class = CampaignSerializer
    queryset = Campaign.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return Campaign.objects.visible_to(reader(self.request))


class DeliveryViewSet(viewsets.ReadOnlyModelViewSet[Delivery]):
    access = _READERS
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter
    queryset = Delivery.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        rows = Delivery.objects.visible_to(reader(self.request)).order_by("id")
        return rows.select_related("customer", "contact", "user")
