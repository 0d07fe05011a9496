"""The OpenAPI description, for signed-in people of every role."""

from drf_spectacular.views import SpectacularAPIView

from scrm.core.access import EVERYONE, Access


class Schema(SpectacularAPIView):
    access = Access(EVERYONE, frozenset())
