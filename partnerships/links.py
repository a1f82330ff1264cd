"""Where things are that this app points to and another app shows: its pages, by purpose, and entries of menus.

The app that has the pages registers them when it is ready (retros/apps.py), so that this one names no address of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from django.urls import reverse

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Page(Enum):
    HOME = "where a person comes to"
    PAIR = "the home of a partnership"
    AGREEMENT = "an agreement"
    SHOWN_TO_LEADS = "what the leads of a partnership see"
    LED = "the partnerships that a person leads"
    FEED = "a calendar feed"
    PAST_DATES = "what became of a partnership's dates, for admins"


@dataclass(frozen=True)
class MenuEntry:
    label: StrOrPromise
    url_name: str
    position: int  # entries stand in this order


_names: dict[Page, str] = {}
_pair_menu: list[MenuEntry] = []
_admin_menu: list[MenuEntry] = []


def register(page: Page, url_name: str) -> None:
    """Say which view shows `page`."""
    _names[page] = url_name


def name_of(page: Page) -> str:
    """The name of its URL, for redirects. Raises KeyError when nobody registered it."""
    return _names[page]


def url_of(page: Page, *args: object) -> str:
    return reverse(_names[page], args=args)


def add_to_pair_menu(label: StrOrPromise, url_name: str, *, position: int) -> None:
    """An entry of the menu around every page of a partnership. Its view takes the partnership's id."""
    _insert(_pair_menu, MenuEntry(label, url_name, position))


def add_to_admin_menu(label: StrOrPromise, url_name: str, *, position: int) -> None:
    _insert(_admin_menu, MenuEntry(label, url_name, position))


def pair_menu() -> list[MenuEntry]:
    return sorted(_pair_menu, key=lambda entry: entry.position)


def admin_menu() -> list[MenuEntry]:
    return sorted(_admin_menu, key=lambda entry: entry.position)


def _insert(menu: list[MenuEntry], entry: MenuEntry) -> None:
    if entry not in menu:  # an app may become ready twice, in tests
        menu.append(entry)
