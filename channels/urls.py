from django.urls import path

from channels import views

app_name = "channels"
urlpatterns = [
    path("callbacks/wecom/<str:corp_id>/<str:agent_id>/", views.wecom_callback, name="callback"),
    path("connection/", views.connection, name="connection"),
    path("connection/doctor/", views.doctor, name="doctor"),
    path("connection/sync/", views.sync_start, name="sync_start"),
    path("connection/sync/status/", views.sync_status, name="sync_status"),
    path("connection/inbox/<int:pk>/replay/", views.inbox_replay, name="inbox_replay"),
]
