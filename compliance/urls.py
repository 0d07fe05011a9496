from django.urls import path

from compliance import review_views

app_name = "compliance"
urlpatterns = [
    path("reviews/", review_views.reviews, name="reviews"),
    path("reviews/<int:pk>/", review_views.review_detail, name="review"),
    path("reviews/<int:pk>/decide/", review_views.review_decide, name="review_decide"),
]
