from __future__ import annotations

from django.db import models


class StillRight(models.Model):
    """“Still right”: one of the two looked at an agreement, or at one clause of it, and kept it as it is.

    Rows are only added. Whatever asked for a look before `at` has had one.
    """

    agreement = models.ForeignKey("partnerships.Agreement", models.CASCADE, related_name="+")
    line = models.UUIDField(null=True)  # the clause; None: the whole text
    person = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.line or 'whole'}"
