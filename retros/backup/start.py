"""What must be so before anybody is served."""

from __future__ import annotations

from django.core import signing

from partnerships.models import SignIn
from partnerships.models.sign_in import SessionStore
from retros.backup import databases
from retros.backup.trouble import Trouble


def refuse_unready() -> None:
    """Raises Trouble when this program must not serve this database, or not yet."""
    refuse_newer_schema()
    if databases.is_behind():
        raise Trouble("The database is not ready for this version. First run: manage.py prepare")
    refuse_other_key()


def refuse_newer_schema() -> None:
    if new := databases.unknown(databases.schema()):
        raise Trouble(
            f"The database was made ready for a newer version: {', '.join(new)} is unknown here. "
            "Start that version, or restore the backup that was made before the upgrade."
        )


def refuse_other_key() -> None:
    """Raises Trouble when the newest sign-in was not signed with this SECRET_KEY, as all of them then."""
    newest = SignIn.objects.order_by("-expire_date").first()
    if newest is None:
        return
    store = SessionStore()
    try:
        signing.loads(newest.session_data, salt=store.key_salt, serializer=store.serializer)
    except signing.BadSignature as error:
        raise Trouble(
            "SECRET_KEY is not the one that this database was served with. Give the old one back (SECRET_KEY, or "
            "the file secret_key in the data folder). To go on with this one, which signs everybody out, run: "
            "manage.py prepare --new-key"
        ) from error
