from __future__ import annotations

from django import template

from partnerships.graphemes import shorten

register = template.Library()
register.filter("shorten", shorten)
