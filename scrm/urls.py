"""Every page of the product; each app owns the URLs below its prefix."""

from django.urls import include, path

from campaigns.views import tracking
from channels.api import ConnectionView
from compliance.api import ArchiveView
from scrm.accounts import views
from scrm.schema import Schema

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("notices/", views.notices, name="notices"),
    path("organisation/", include("scrm.accounts.urls")),
    path("audit/", include("scrm.audit.urls")),
    path("board/", include("scrm.insights.urls")),
    path("compliance/", include("compliance.urls")),
    path("campaigns/", include("campaigns.urls")),
    path("api/schema/", Schema.as_view(), name="schema"),
    path("api/connection/", ConnectionView.as_view(), name="api_connection"),
    path("api/archive/", ArchiveView.as_view(), name="api_archive"),
    path("api/", include("campaigns.api_urls")),
    path("api/", include("compliance.api_urls")),
    path("api/", include("contacts.api_urls")),
    path("t/<str:token>/", tracking.link, name="link"),
    path("t/<str:token>/back/", tracking.link_back, name="link_back"),
    path("", include("channels.urls")),
    path("", include("contacts.urls")),
]
