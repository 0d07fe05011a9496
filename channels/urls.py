from django.urls import include, path

from channels import views

app_name = "channels"
urlpatterns = [
    path("codes/", include("channels.codes.urls")),
    path("connection/", views.connection, name="connection"),
    path("connection/doctor/", views.doctor, name="doctor"),
    path("", include("channels.org.urls")),
    path("", include("channels.sync.urls")),
    path("", include("channels.inbox.urls")),
]
