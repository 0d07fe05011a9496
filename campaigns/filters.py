"""One filter for the ledger page and its API."""

import django_filters as filters

from campaigns.models import Delivery


class DeliveryFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=Delivery.State.choices, label="状态")
    reason = filters.CharFilter(label="原因")

    class Meta:
        model = Delivery
        fields = ("campaign", "state", "reason")
