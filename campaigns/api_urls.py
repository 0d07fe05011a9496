from rest_framework.routers import SimpleRouter

from campaigns.api import CampaignViewSet, DeliveryViewSet

router = SimpleRouter()
router.register("campaigns", CampaignViewSet, basename="api-campaign")
router.register("deliveries", DeliveryViewSet, basename="api-delivery")
urlpatterns = router.urls
