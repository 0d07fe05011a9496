from django.urls import path

from channels.org import views

urlpatterns = [
    path("connection/org/", views.wecom_org, name="wecom_org"),
    path("connection/org/departments/<int:pk>/", views.department_branch, name="department_branch"),
]
