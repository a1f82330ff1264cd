"""The addresses of this package."""

from django.urls import path

from retros.leads import views
from retros.paths import LEAD, PARTNERSHIP

urlpatterns = [
    path("leads/", views.lead_list, name="lead_list"),
    path(f"{PARTNERSHIP}/offers/new/", views.offer_create, name="offer_create"),
    path("offers/<uuid:offer_id>/accept/", views.offer_accept, name="offer_accept"),
    path("offers/<uuid:offer_id>/decline/", views.offer_decline, name="offer_decline"),
    path("needs/<uuid:need_id>/answer/", views.need_answer, name="need_answer"),
    path(f"{PARTNERSHIP}/leads/", views.release_list, name="release_list"),
    path(f"{LEAD}/releases/new/", views.release_create, name="release_create"),
    path("releases/<uuid:release_id>/", views.release_detail, name="release_detail"),
    path("releases/<uuid:release_id>/confirm/", views.release_confirm, name="release_confirm"),
    path("releases/<uuid:release_id>/withdraw/", views.release_withdraw, name="release_withdraw"),
    path(f"{LEAD}/needs/new/", views.need_create, name="need_create"),
    path("needs/<uuid:need_id>/", views.need_update, name="need_update"),
]
