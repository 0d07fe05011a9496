from django.urls import path

from contacts.views import customers, groups, identity, profile, segments, sidebar, tags, workbench

app_name = "contacts"
urlpatterns = [
    path("workbench/", workbench.workbench, name="workbench"),
    path("tasks/<int:pk>/complete/", workbench.task_complete, name="task_complete"),
    path("tasks/<int:pk>/skip/", workbench.task_skip, name="task_skip"),
    path("tasks/<int:pk>/snooze/", workbench.task_snooze, name="task_snooze"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<int:pk>/", profile.customer, name="customer"),
    path("customers/<int:pk>/timeline/", profile.customer_timeline, name="customer_timeline"),
    path("customers/<int:pk>/unmask/", profile.customer_unmask, name="customer_unmask"),
    path("customers/<int:pk>/tags/", profile.customer_tags, name="customer_tags"),
    path("customers/<int:pk>/follow-ups/", profile.customer_follow_up, name="customer_follow_up"),
    path("customers/<int:pk>/consents/", profile.customer_consent, name="customer_consent"),
    path("customers/<int:pk>/opt-out/", profile.customer_opt_out, name="customer_opt_out"),
    path("groups/", groups.groups, name="groups"),
    path("groups/<int:pk>/", groups.group, name="group"),
    path("tags/", tags.tags, name="tags"),
    path("tags/new/", tags.tag_group_create, name="tag_group_create"),
    path("tags/groups/<int:pk>/", tags.tag_group_change, name="tag_group_change"),
    path("tags/<int:pk>/", tags.tag_change, name="tag_change"),
    path("tags/pushes/<int:pk>/", tags.tag_push_again, name="tag_push_again"),
    path("identity/", identity.doubts, name="doubts"),
    path("identity/<int:pk>/", identity.doubt_decide, name="doubt_decide"),
    path("sidebar/<str:external_userid>/", sidebar.sidebar, name="sidebar"),
    path("segments/", segments.segments, name="segments"),
    path("segments/new/", segments.segment_create, name="segment_create"),
    path("segments/preview/", segments.segment_preview, name="segment_preview"),
    path("segments/<int:pk>/", segments.segment, name="segment"),
    path("segments/<int:pk>/edit/", segments.segment_update, name="segment_update"),
]
