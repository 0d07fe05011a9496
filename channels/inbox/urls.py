from django.urls import path

from channels.inbox import views

urlpatterns = [
    path("callbacks/wecom/<str:corp_id>/<str:agent_id>/", views.wecom_callback, name="callback"),
    path("connection/inbox/", views.inbox, name="inbox"),
    path("connection/inbox/replay/", views.inbox_replay, name="inbox_replay"),
]
