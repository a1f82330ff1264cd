"""Somebody's home."""

from __future__ import annotations

from html import unescape

from django.urls import reverse

from partnerships.models import Partnership, Person
from tests.cast import client_of


def page(person: Person, partnership: Partnership) -> str:
    answer = client_of(person).get(reverse("partnership_detail", args=[partnership.pk]))
    assert answer.status_code == 200
    return unescape(answer.content.decode())
