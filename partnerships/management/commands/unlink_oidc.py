from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.core.management.base import BaseCommand, CommandError, CommandParser

from partnerships.accounts.sign_in_changes import watched
from partnerships.models import Person


class Command(BaseCommand):
    help = "Let an account be linked with the organisation's sign-in anew: its provider knows the owner by another id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The address that the account signs in with.")

    def handle(self, *args: Any, email: str, **options: Any) -> None:

        person = Person.objects.filter(email__iexact=email).first()
        if person is None or not SocialAccount.objects.filter(user=person).exists():
            raise CommandError("No account with this address is linked.")
        with watched(person):
            SocialAccount.objects.filter(user=person).delete()
        self.stdout.write("Unlinked. The next sign-in there with this address links the account again.")
