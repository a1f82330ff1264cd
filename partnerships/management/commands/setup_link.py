from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from partnerships.mail.letters import invitation_link
from partnerships.models import Invitation


class Command(BaseCommand):
    help = "Print the one-time link with which the first admin makes an account. Prints nothing once there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        if token := Invitation.for_first_admin():
            self.stderr.write("Make the first admin's account here. The link works once, for 7 days:", ending="\n")
            self.stdout.write(invitation_link(token))
