"""Mails on the terminal, while no mail server is set."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.core.mail.backends import console


class EmailBackend(console.EmailBackend):
    """Writes what a person reads of a mail: to whom, its subject, its plain text; a link in it stands whole."""

    def write_message(self, message: EmailMessage) -> None:
        rule = "-" * 79
        to = ", ".join(message.recipients())
        self.stream.write(f"To: {to}\nSubject: {message.subject}\n\n{message.body.rstrip()}\n{rule}\n")
