from __future__ import annotations

from django import template

from partnerships.content import isolated
from partnerships.graphemes import shorten

register = template.Library()
register.filter("shorten", shorten)
register.filter("isolated", isolated)
