from django.urls import path

from campaigns.views import campaigns, library, materials, welcome

app_name = "campaigns"
urlpatterns = [
    path("", campaigns.campaigns, name="campaigns"),
    path("new/", campaigns.campaign_create, name="campaign_create"),
    path("summary/", campaigns.campaign_summary, name="campaign_summary"),
    path("<int:pk>/", campaigns.campaign, name="campaign"),
    path("<int:pk>/edit/", campaigns.campaign_edit, name="campaign_edit"),
    path("<int:pk>/progress/", campaigns.campaign_progress, name="campaign_progress"),
    path("<int:pk>/ledger/", campaigns.campaign_ledger, name="campaign_ledger"),
    path("<int:pk>/submit/", campaigns.campaign_submit, name="campaign_submit"),
    path("<int:pk>/launch/", campaigns.campaign_launch, name="campaign_launch"),
    path("<int:pk>/pause/", campaigns.campaign_pause, name="campaign_pause"),
    path("<int:pk>/resume/", campaigns.campaign_resume, name="campaign_resume"),
    path("<int:pk>/cancel/", campaigns.campaign_cancel, name="campaign_cancel"),
    path("<int:pk>/remind/", campaigns.campaign_remind, name="campaign_remind"),
    path("contents/", library.contents, name="contents"),
    path("contents/new/", library.content_create, name="content_create"),
    path("contents/preview/", library.content_preview, name="content_preview"),
    path("contents/<int:pk>/", library.content, name="content"),
    path("versions/<int:pk>/submit/", library.content_submit, name="content_submit"),
    path("versions/<int:pk>/withdraw/", library.content_withdraw, name="content_withdraw"),
    path("materials/", materials.materials, name="materials"),
    path("materials/new/", materials.material_create, name="material_create"),
    path("materials/<int:pk>/file/", materials.material_file, name="material_file"),
    path("materials/<int:pk>/withdraw/", materials.material_withdraw, name="material_withdraw"),
    path("welcome/", welcome.welcome_rules, name="welcome_rules"),
    path("welcome/new/", welcome.welcome_create, name="welcome_create"),
    path("welcome/preview/", welcome.welcome_preview, name="welcome_preview"),
    path("welcome/<int:pk>/", welcome.welcome_rule, name="welcome_rule"),
    path("welcome/<int:pk>/switch/", welcome.welcome_switch, name="welcome_switch"),
]
