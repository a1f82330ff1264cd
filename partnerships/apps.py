from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from partnerships import links


class PartnershipsConfig(AppConfig):
    name = "partnerships"
    verbose_name = "Partnerships"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        links.add_to_pair_menu(_("Agreements"), "agreement_list", position=3)
        links.add_to_admin_menu(_("Partnerships"), "admin_partnership_list", position=2)
        links.add_to_admin_menu(_("People"), "person_list", position=3)
        links.add_to_admin_menu(_("Record"), "audit_list", position=5)
