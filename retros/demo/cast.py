"""The people of the demo, each at an address of their own: separate cookies, so two windows are two people."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from partnerships.models import Person

HOST = "localhost"


@dataclass(frozen=True)
class Player:
    key: str  # the first part of the address
    name: str
    role: str
    does: str
    timezone: str = "Europe/Tallinn"
    seat: str = ""
    is_admin: bool = False

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split())

    @property
    def email(self) -> str:
        return f"{self.key}@demo.example"


@dataclass(frozen=True)
class Address:
    player: Player
    url: str


PLAYERS = (
    Player("ines", "Ines Okafor", "Designer", "Works with Tom on Checkout. Six retros so far, the next one is planned.",
           seat="a"),
    Player("tom", "Tom Lindqvist", "Product manager", "Works with Ines on Checkout. Has written nothing ahead yet.",
           seat="b"),
    Player("priya", "Priya Raman", "Engineering manager",
           "Works with Daniel on Search. Their retro is open right now, both have folded cards.", "Europe/London", "a"),
    Player("daniel", "Daniel Moreau", "Product manager",
           "Works with Priya on Search. He is in the same room, one hour ahead.", "Europe/Paris", "b"),
    Player("sara", "Sara Lind", "Head of product",
           "Leads both pairs, and half of the organisation’s. She reads what Ines and Tom chose to show her."),
    Player("omar", "Omar Haddad", "Head of engineering", "Leads the other half, whose people nobody is here.",
           "Europe/London"),
    Player("mei", "Mei Tan", "Designer", "Works with nobody here yet. She can begin a partnership."),
    Player("ada", "Ada Osei", "Administrator", "Looks after the installation: forty pairs in five time zones.",
           is_admin=True),
)  # fmt: skip


def is_on() -> bool:
    return settings.DEMO is True


def addresses(host: str) -> list[Address]:
    """Everybody's address, on the port of `host`."""
    _name, colon, port = host.partition(":")
    return [Address(player, f"http://{player.key}.{HOST}{colon}{port}/") for player in PLAYERS]


def player_at(host: str) -> Player | None:
    """Whose address this is: `ines.localhost:8000` is that of Ines."""
    name, dot, rest = host.partition(":")[0].partition(".")
    return next((p for p in PLAYERS if p.key == name and dot and rest == HOST), None)


def person_at(host: str) -> Person | None:
    player = player_at(host)
    return Person.objects.filter(email=player.email, is_active=True).first() if player else None
