from django.urls import path

from fourfold.assessments.views import models, moderating, moderation, record, scoring, thematic

app_name = "assessments"
urlpatterns = [
    path("threats/<str:reference>/assessment/", record.threat, name="threat"),
    path("threats/<str:reference>/assessment/begin/", record.begin, name="begin"),
    path("assessments/", record.listing, name="list"),
    path("assessments/<str:reference>/", record.assessment, name="assessment"),
    path("assessments/<str:reference>/score/", scoring.score, name="score"),
    path("assessments/<str:reference>/work-out/", scoring.work_out, name="work_out"),
    path("assessments/<str:reference>/evidence/", scoring.cite, name="cite"),
    path("assessments/<str:reference>/check/", record.check, name="check"),
    path("assessments/<str:reference>/take-back/", record.take_back, name="take_back"),
    path("assessments/<str:reference>/withdraw/", record.withdraw, name="withdraw"),
    path("assessments/<str:reference>/take-up/", moderating.take_up, name="take_up"),
    path("assessments/<str:reference>/score-blind/", scoring.score_blind, name="score_blind"),
    path("assessments/<str:reference>/put-back/", moderating.put_back, name="put_back"),
    path("assessments/<str:reference>/moderate/", moderating.moderate, name="moderate"),
    path("assessments/<str:reference>/return/", moderating.send_back, name="send_back"),
    path("assessments/<str:reference>/second/", moderating.second, name="second"),
    path("assessments/<str:reference>/appeal/", record.appeal, name="appeal"),
    path("assessments/<str:reference>/appeal/decide/", moderating.answer, name="answer"),
    path("moderation/", moderation.queue, name="moderation"),
    path("moderation/agreement/", moderation.agreement, name="agreement"),
    path("moderation/changed/", moderation.changed, name="changed"),
    path("themes/", thematic.themes, name="themes"),
    path("themes/score/", thematic.begin, name="begin_theme"),
    path("scoring-models/", models.models, name="models"),
    path("scoring-models/load/", models.load, name="load_model"),
    path("scoring-models/<str:code>/", models.model, name="model"),
]
