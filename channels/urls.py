from typing import Any

app_name = "channels"
urlpatterns: list[Any] = []
