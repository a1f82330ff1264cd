"""The addresses of this package."""

from django.urls import path

from retros.agreements import views
from retros.paths import PARTNERSHIP

urlpatterns = [
    path(f"{PARTNERSHIP}/dream-team/", views.dream_team_create, name="dream_team_create"),
    path("agreements/<uuid:agreement_id>/", views.agreement_detail, name="agreement_detail"),
    path("agreements/<uuid:agreement_id>/session/", views.agreement_session, name="agreement_session"),
    path("agreements/<uuid:agreement_id>/clauses/<uuid:line>/", views.clause_link_update, name="clause_link_update"),
]
