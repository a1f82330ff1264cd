from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseServerError
from django.template import loader


@login_not_required
def server_error(request: HttpRequest) -> HttpResponseServerError:
    """The page for what nobody foresaw, with the reference under which it stands in the log.

    Rendered without the request, so that neither the person nor the database is asked for anything once more.
    """
    template = loader.get_template("500.html")
    return HttpResponseServerError(template.render({"reference": getattr(request, "reference", "")}))
