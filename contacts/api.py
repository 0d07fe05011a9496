"""Read API over the same filter and the same scope as the page. Nothing is unmasked here."""

from typing import Any

from rest_framework import mixins, serializers, viewsets
from rest_framework.pagination import PageNumberPagination

from contacts.filters import CustomerFilter
from contacts.models import Customer
from scrm.core.access import ADMIN, HQ, RM, Access
from scrm.core.listing import CappedPaginator


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    phone = serializers.CharField(source="masked_phone", read_only=True)
    owner = serializers.CharField(source="owner.name", read_only=True)
    branch = serializers.CharField(source="branch.name", read_only=True)

    class Meta:
        model = Customer
        fields = (
            "id", "number", "name", "tier", "stage", "risk_level", "risk_expires_on", "aum",
            "phone", "owner", "branch", "opened_on", "last_contact_at",
        )  # fmt: skip


class CappedPagination(PageNumberPagination):
    django_paginator_class = CappedPaginator


class CustomerViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Customer]
):
    access = Access(frozenset({RM, ADMIN, HQ}), frozenset())
    serializer_class = CustomerSerializer
    filterset_class = CustomerFilter
    pagination_class = CappedPagination
    queryset = Customer.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        user: Any = self.request.user
        return Customer.objects.visible_to(user).select_related("owner", "branch")
