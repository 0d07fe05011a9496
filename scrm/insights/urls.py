from django.urls import path

from scrm.insights import views

app_name = "insights"
urlpatterns = [
    path("", views.board, name="board"),
    path("mine/", views.my_board, name="my_board"),
]
