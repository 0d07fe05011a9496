from django.urls import path

from scrm.accounts import views

app_name = "accounts"
urlpatterns = [path("", views.organisation, name="organisation")]
