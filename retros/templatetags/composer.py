from __future__ import annotations

from django import template
from django.forms.utils import flatatt
from django.template.context import Context
from django.template.loader import get_template

from retros.models.draft import Begun

register = template.Library()


@register.simple_block_tag(takes_context=True)
def composer(context: Context, content: str, send_to: str, box: Begun, form_id: str, **attributes: object) -> str:
    """A form of the room that adds something: `{% composer send_to box "its-id" class="…" %}` … `{% endcomposer %}`.

    What is typed is saved as the draft of its box, from the version on that the page shows; what arrives twice with one
    client id is added once. In the names of other attributes a `_` is a hyphen: `data_then` is `data-then`. `content`
    are the fields, the place for a notice, and the button.
    """
    form = {
        "attributes": flatatt({name.replace("_", "-"): value for name, value in attributes.items()}),
        "box": box,
        "client_id": context["fresh_key"],
        "content": content,
        "csrf_token": context["csrf_token"],
        "id": form_id,
        "send_to": send_to,
    }
    return get_template("retros/room/_composer_form.html").render(form)
