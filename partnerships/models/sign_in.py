from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models

if TYPE_CHECKING:
    from partnerships.sign_in import SessionStore


class SignInManager(BaseSessionManager["SignIn"]):
    """Whoever reads a browser's session asks next who it is."""

    def get_queryset(self) -> models.QuerySet[SignIn]:
        return super().get_queryset().select_related("person")


class SignIn(AbstractBaseSession):
    """One browser's session, as Django keeps it, and the person whom it signed in: nobody yet in a stranger's."""

    person = models.ForeignKey("partnerships.Person", models.CASCADE, null=True, related_name="+")

    objects: ClassVar[SignInManager] = SignInManager()

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        from partnerships.sign_in import SessionStore  # the store needs this model

        return SessionStore
