from django.urls import include, path

from channels import views

app_name = "channels"
urlpatterns = [
    path("callbacks/wecom/<str:corp_id>/<str:agent_id>/", views.wecom_callback, name="callback"),
    path("codes/", include("channels.codes.urls")),
    path("connection/", views.connection, name="connection"),
    path("connection/doctor/", views.doctor, name="doctor"),
    path("", include("channels.org.urls")),
    path("", include("channels.sync.urls")),
    path("connection/inbox/<int:pk>/replay/", views.inbox_replay, name="inbox_replay"),
]
