"""Before a file leaves, its reader says once more who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.shortcuts import redirect

if TYPE_CHECKING:
    from django.http import HttpResponse

    from partnerships.http import PersonRequest


def ask_before_a_file(request: PersonRequest, page: str) -> HttpResponse | None:
    """The way to say once more who one is, which leads back to `page`; None for whoever just did.

    A press that is done at the end of that way would be answered by the file, and the browser would stay where the
    password was typed. So `page` offers it again.
    """
    try:
        if not is_reauthentication_required(request, app=""):
            return None
    except ReauthenticationRequired:  # the adapter's own, for somebody without a password
        pass
    way = get_adapter().get_reauthentication_methods(request.user)[0]
    return redirect(f"{way['url']}?{urlencode({'next': f'{page}?again=1'})}")
