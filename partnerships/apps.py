from typing import Any

from django import forms
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from partnerships import links

# What stands at a field that was left empty, by its kind.
EMPTY: dict[type[forms.Field], Any] = {
    forms.Field: _("Choose one, or leave the page."),
    forms.CharField: _("Write something, or leave the page."),
    forms.DateField: _("Pick a day, or leave the page."),
    forms.TimeField: _("Pick a time, or leave the page."),
    forms.FileField: _("Choose a file, or leave the page."),
}


class PartnershipsConfig(AppConfig):
    name = "partnerships"
    verbose_name = "Partnerships"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for field, words in EMPTY.items():
            field.default_error_messages = {**vars(field).get("default_error_messages", {}), "required": words}
        links.add_to_pair_menu(_("Agreements"), "agreement_list", position=3)
        links.add_to_admin_menu(_("Partnerships"), "admin_partnership_list", position=2)
        links.add_to_admin_menu(_("People"), "person_list", position=3)
        links.add_to_admin_menu(_("Record"), "audit_list", position=5)
