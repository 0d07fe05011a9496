from django.urls import path

from compliance import review_views
from compliance.views import archive, benign, board, cases, desk, lexicons, rules, sampling

app_name = "compliance"
urlpatterns = [
    path("alerts/", desk.alerts, name="alerts"),
    path("alerts/<int:pk>/", desk.alert, name="alert"),
    path("alerts/<int:pk>/claim/", desk.alert_claim, name="alert_claim"),
    path("alerts/<int:pk>/release/", desk.alert_release, name="alert_release"),
    path("alerts/<int:pk>/decide/", desk.alert_decide, name="alert_decide"),
    path("alerts/<int:pk>/reopen/", desk.alert_reopen, name="alert_reopen"),
    path("alerts/<int:pk>/uncontain/", desk.alert_uncontain, name="alert_uncontain"),
    path("alerts/bulk/", desk.alerts_bulk, name="alerts_bulk"),
    path("cases/", cases.cases, name="cases"),
    path("cases/<int:pk>/", cases.case, name="case"),
    path("cases/<int:pk>/action/", cases.case_action, name="case_action"),
    path("cases/<int:pk>/close/", cases.case_close, name="case_close"),
    path("cases/<int:pk>/reopen/", cases.case_reopen, name="case_reopen"),
    path("cases/<int:pk>/extend/", cases.case_extend, name="case_extend"),
    path("rules/", rules.behaviour_rules, name="behaviour"),
    path("rules/auto/", rules.auto_rules, name="auto_rules"),
    path("rules/auto/<int:pk>/", rules.auto_rule_decide, name="auto_rule_decide"),
    path("rules/benign/", benign.proposals, name="benign"),
    path("rules/benign/<int:pk>/", benign.decide, name="benign_decide"),
    path("rules/holidays/", rules.holidays, name="holidays"),
    path("sampling/", sampling.plans, name="sampling"),
    path("sampling/<int:pk>/", sampling.plan, name="sampling_plan"),
    path("sampling/samples/<int:pk>/", sampling.sample, name="sample"),
    path("sampling/samples/<int:pk>/review/", sampling.review, name="sample_review"),
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
