"""What is written in a database, and which of it each person reads on the pages that links lead them to."""

from __future__ import annotations

import re
from datetime import datetime
from unittest import mock

from django.apps import apps
from django.db import models
from django.test import Client

from partnerships.models import Person
from retros.models import SearchText
from tests.world import MARK

LINK = re.compile(r'href="(/[^"#]*)"')
PAGES = 400  # of one person; more would be a crawl that does not end
SIGNED_IN_BY = "allauth.account.auth_backends.AuthenticationBackend"


def texts() -> list[str]:
    """Every stored text with a mark, wherever it is stored; the index of the search is made from them."""
    found = []
    for model in set(apps.get_models(include_auto_created=True)) - {SearchText}:
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.CharField | models.TextField | models.JSONField):
                values = model._base_manager.values_list(field.attname, flat=True)
                found += [str(value) for value in values if MARK.search(str(value))]
    return sorted(found)


def read(people: dict[str, str], at: str) -> dict[str, list[str]]:
    """The marks that each of these people (by name, with their address) can read at that moment (ISO 8601)."""
    with mock.patch("django.utils.timezone.now", return_value=datetime.fromisoformat(at)):
        return {name: sorted(_marks(Person.objects.get(email=email))) for name, email in people.items()}


def _marks(person: Person) -> set[str]:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person, backend=SIGNED_IN_BY)
    waiting, seen, marks = ["/"], {"/"}, set()
    while waiting:
        assert len(seen) < PAGES, sorted(seen)
        answer = client.get(waiting.pop(0), follow=True)
        assert answer.status_code < 500
        if not answer.streaming and answer["Content-Type"].startswith("text/"):
            marks |= set(MARK.findall(answer.text))
            links = set(LINK.findall(answer.text.replace("&amp;", "&"))) - seen
            seen |= links
            waiting += sorted(link for link in links if not link.startswith(("/static/", "/account/logout/")))
    return marks
