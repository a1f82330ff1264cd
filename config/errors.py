from __future__ import annotations

import sys

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader

from partnerships.middleware import from_database, refuse_unasked


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """The page for what nobody foresaw, with the reference under which it stands in the log.

    Rendered without the request, so that neither the person nor the database is asked for anything once more. A
    database that is away before any view was reached is heard of only here, and is foreseen.
    """
    error = sys.exc_info()[1]
    if isinstance(error, (OperationalError, InterfaceError)):
        return refuse_unasked(request, from_database(error))
    template = loader.get_template("500.html")
    return HttpResponseServerError(template.render({"reference": getattr(request, "reference", "")}))
