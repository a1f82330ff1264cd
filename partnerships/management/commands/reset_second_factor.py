from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from partnerships.models import Person
from partnerships.refusals import Refusal


class Command(BaseCommand):
    help = "Remove the app, the passkeys and the recovery codes of an account whose owner lost them. They are told."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The address that the account signs in with.")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        person = Person.objects.filter(email__iexact=email).first()
        if person is None:
            raise CommandError("There is no account with this address.")
        try:
            person.reset_second_factor(by=None)
        except Refusal as refusal:
            raise CommandError(str(refusal.message)) from refusal
        self.stdout.write("Reset. They sign in with what they have besides, and set up a second factor again.")
