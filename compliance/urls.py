from django.urls import path

from compliance import review_views
from compliance.views import archive, board, cases, desk, lexicons

app_name = "compliance"
urlpatterns = [
    path("alerts/", desk.alerts, name="alerts"),
    path("alerts/<int:pk>/", desk.alert, name="alert"),
    path("alerts/<int:pk>/claim/", desk.alert_claim, name="alert_claim"),
    path("alerts/<int:pk>/release/", desk.alert_release, name="alert_release"),
    path("alerts/<int:pk>/decide/", desk.alert_decide, name="alert_decide"),
    path("cases/", cases.cases, name="cases"),
    path("cases/<int:pk>/", cases.case, name="case"),
    path("cases/<int:pk>/action/", cases.case_action, name="case_action"),
    path("cases/<int:pk>/close/", cases.case_close, name="case_close"),
    path("archive/", archive.archive, name="archive"),
    path("archive/<int:pk>/", archive.conversation, name="conversation"),
    path("integrity/", archive.integrity, name="integrity"),
    path("integrity/verify/", archive.integrity_verify, name="integrity_verify"),
    path("lexicons/", lexicons.lexicons, name="lexicons"),
    path("lexicons/import/", lexicons.lexicon_import, name="lexicon_import"),
    path("lexicons/<int:pk>/", lexicons.lexicon, name="lexicon"),
    path("lexicons/<int:pk>/activate/", lexicons.lexicon_activate, name="lexicon_activate"),
    path("board/", board.board, name="board"),
    path("reviews/", review_views.reviews, name="reviews"),
    path("reviews/<int:pk>/", review_views.review_detail, name="review"),
    path("reviews/<int:pk>/decide/", review_views.review_decide, name="review_decide"),
]
