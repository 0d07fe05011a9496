from django.urls import path

from channels.sync import views

urlpatterns = [
    path("connection/sync/", views.sync, name="sync"),
]
