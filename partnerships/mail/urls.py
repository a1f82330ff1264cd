"""The addresses of this package."""

from django.urls import path

from partnerships.mail import views

urlpatterns = [
    path("settings/reminders/", views.reminder_update, name="reminder_update"),
    path("settings/feed/", views.feed_create, name="feed_create"),
    path("settings/feed/delete/", views.feed_delete, name="feed_delete"),
    path("notices/<uuid:delivery_id>/dismiss/", views.notice_dismiss, name="notice_dismiss"),
    path("n/unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
