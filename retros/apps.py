from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _

from partnerships import links, reactions


class RetrosConfig(AppConfig):
    name = "retros"
    verbose_name = "Retros"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the streams how a room is drawn, and the other app where the pages are that it points to."""
        # Both need the models, which are loaded by now.
        from retros.live.hub import hub
        from retros.models.creation import welcome
        from retros.models.session import refresh_rooms_of
        from retros.room.answers import push
        from retros.search.index import teach_sqlite

        hub.push = push
        connection_created.connect(teach_sqlite)
        reactions.agreement_changed.add(refresh_rooms_of)
        reactions.seat_taken.add(welcome)
        links.register(links.Page.HOME, "home")
        links.register(links.Page.PAIR, "partnership_detail")
        links.register(links.Page.AGREEMENT, "agreement_detail")
        links.register(links.Page.SHOWN_TO_LEADS, "release_list")
        links.register(links.Page.LED, "lead_list")
        links.register(links.Page.FEED, "calendar_feed")
        links.register(links.Page.PAST_DATES, "admin_partnership_dates")
        links.add_to_pair_menu(_("Partnership"), "partnership_detail", position=1)
        links.add_to_pair_menu(_("Actions"), "action_list", position=2)
        links.add_to_pair_menu(_("History"), "history_detail", position=4)
        links.add_to_admin_menu(_("Schedule"), "schedule", position=1)
        links.add_to_admin_menu(_("Mail"), "mail_list", position=4)
        links.add_to_admin_menu(_("Templates"), "template_list", position=6)
