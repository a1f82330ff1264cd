"""The pages of what a pair knows after years, by a name each; and what is read on a page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.urls import reverse

from partnerships.models import Agreement, Partnership


def of_a_pair(partnership: Partnership) -> dict[str, str]:
    agreement = Agreement.objects.filter(partnership=partnership)[0]
    names = ("partnership_detail", "history_detail", "helped_list", "action_list", "agreement_list")
    found = {name: reverse(name, args=[partnership.pk]) for name in names}
    search = reverse("search", args=[partnership.pk])
    return {
        **found,
        "agreement_detail": reverse("agreement_detail", args=[agreement.pk]),
        "search": f"{search}?q=scope",
        "search-rare": f"{search}?q=%22scope+dates%22",
        "history_detail-earlier": f"{found['history_detail']}?year={partnership.since.year + 2}",
    }


def text_of(answer: Any) -> str:
    """Its words, without the tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())
