from django.urls import path

from channels.codes import group_views, views

urlpatterns = [
    path("", views.codes, name="codes"),
    path("new/", views.code_create, name="code_create"),
    path("draft/", views.code_draft, name="code_draft"),
    path("<int:pk>/", views.code, name="code"),
    path("<int:pk>/edit/", views.code_edit, name="code_edit"),
    path("<int:pk>/pause/", views.code_pause, name="code_pause"),
    path("<int:pk>/resume/", views.code_resume, name="code_resume"),
    path("<int:pk>/delete/", views.code_delete, name="code_delete"),
    path("<int:pk>/push/", views.code_push, name="code_push"),
    path("<int:pk>/qr/", views.code_picture, name="code_picture"),
    path("<int:pk>/poster/", views.code_poster, name="code_poster"),
    path("found/", views.found_codes, name="found_codes"),
    path("found/<int:pk>/adopt/", views.found_adopt, name="found_adopt"),
    path("groups/", group_views.group_codes, name="group_codes"),
    path("groups/new/", group_views.group_code_create, name="group_code_create"),
    path("groups/<int:pk>/edit/", group_views.group_code_edit, name="group_code_edit"),
    path("groups/<int:pk>/delete/", group_views.group_code_delete, name="group_code_delete"),
    path("groups/<int:pk>/push/", group_views.group_code_push, name="group_code_push"),
    path("groups/<int:pk>/qr/", group_views.group_code_picture, name="group_code_picture"),
    path("groups/<int:pk>/poster/", group_views.group_code_poster, name="group_code_poster"),
]
