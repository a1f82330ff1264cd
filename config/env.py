"""Reads the environment strictly: what is there is valid, or the start stops and says how to mend it.

Each variable may also be given as NAME_FILE, the path of a file that holds the value (for secrets). Every reader
names its variable once, so `Environment.known` lists what the program reads; docs/configuration.md is tested
against it.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ON = frozenset({"1", "true", "yes", "on"})
OFF = frozenset({"0", "false", "no", "off"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")
_POSTGRES_OPTIONS = frozenset(
    {"host", "sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "target_session_attrs"}
)


class BadValue(ImproperlyConfigured):
    """A variable with a value that cannot be used. `shown` is left out for secrets."""

    def __init__(self, name: str, shown: str | None, allowed: str) -> None:
        value = "has a value that is kept secret here" if shown is None else f"is {shown!r}"
        super().__init__(f"{name} {value}. Allowed: {allowed}.")


class Environment:
    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.known: set[str] = set()

    def text(self, name: str, default: str = "") -> str:
        """The value without white space around it; an empty one counts as not given."""
        self.known.add(name)
        value = self._values.get(name, "").strip()
        path = self._values.get(f"{name}_FILE", "").strip()
        if value and path:
            raise BadValue(f"{name}_FILE", path, f"only one of {name} and {name}_FILE")
        if path:
            try:
                value = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise BadValue(f"{name}_FILE", path, "the path of a readable text file") from error
            if not value:
                raise BadValue(f"{name}_FILE", path, "the path of a file that is not empty")
        return value or default

    def flag(self, name: str) -> bool:
        """On or off; off when not given, because no unsafe thing is on by default."""
        value = self.text(name).lower()
        if value and value not in ON | OFF:
            raise BadValue(name, value, "1 or 0")
        return value in ON

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        """One of these; the first when it is not given."""
        value = self.text(name, allowed[0])
        if value not in allowed:
            raise BadValue(name, value, "one of " + ", ".join(filter(None, allowed)))
        return value

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise BadValue(name, value, f"a whole number from {least} to {most}")
        return int(value)

    def address(self, name: str, default: str) -> SplitResult:
        """The address people type: scheme and host, maybe a port, and nothing else."""
        value = self.text(name, default)
        parts = _split(name, value)
        host = parts.hostname or ""
        plain = f"{parts.scheme}://{parts.netloc}"
        if (
            parts.scheme not in {"http", "https"}
            or not (_HOST.match(host) or _is_address(host))
            or parts.username is not None
            or value.rstrip("/") != plain
        ):
            raise BadValue(name, value, "http:// or https://, a host, maybe :port, and no path")
        return urlsplit(plain)

    def issuer(self, name: str) -> str:
        """The address of an OpenID provider, without a slash at its end; empty when not given."""
        value = self.text(name).rstrip("/")
        parts = _split(name, value)
        host = parts.hostname or ""
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
        if value and (not is_safe or not host or parts.username is not None or parts.query or parts.fragment):
            raise BadValue(name, value, "https://, a host, maybe a path; http:// on this machine alone")
        return value

    def claim(self, name: str) -> tuple[str, str] | None:
        """A claim and the value that counts, `groups=admins`; None when not given."""
        value = self.text(name)
        claim, _equals, wanted = value.partition("=")
        if value and not (claim and wanted):
            raise BadValue(name, value, "a claim and its value, such as groups=twofold-admins")
        return (claim, wanted) if value else None

    def domains(self, name: str) -> frozenset[str]:
        """Mail domains, comma-separated, in lower case."""
        found = frozenset(part.strip().lower() for part in self.text(name).split(",") if part.strip())
        for domain in found:
            if not _HOST.match(domain) or "." not in domain:
                raise BadValue(name, domain, "comma-separated mail domains, such as example.org,example.com")
        return found

    def mailbox(self, name: str) -> str:
        """One address, without a name before it; empty when not given."""
        value = self.text(name)
        if value and not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", value):
            raise BadValue(name, value, "one mail address, such as calendar@example.org")
        return value

    def networks(self, name: str) -> list[str]:
        """Addresses or networks, comma-separated."""
        found = [part.strip() for part in self.text(name).split(",") if part.strip()]
        for network in found:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise BadValue(name, network, "comma-separated addresses or networks, such as 10.0.0.2") from error
        return found

    def folder(self, name: str, default: Path) -> Path:
        """A folder of ours: made when missing, closed to others."""
        path = Path(self.text(name, str(default))).absolute()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BadValue(name, str(path), "the path of a folder that can be made and written") from error
        if not os.access(path, os.W_OK | os.X_OK):
            raise BadValue(name, str(path), "the path of a folder that the user who runs this may write")
        return path

    def secret_key(self, folder: Path) -> str:
        """SECRET_KEY, or the one that the first start wrote into the data folder."""
        value = self.text("SECRET_KEY")
        if value and (len(value) < 50 or len(set(value)) < 5):
            raise BadValue("SECRET_KEY", None, "at least 50 random characters")
        try:
            return value or _kept_secret(folder / "secret_key")
        except OSError as error:
            raise ImproperlyConfigured(f"{folder} takes no file ({error.strerror}). Free space on its disk.") from error

    def token(self, name: str) -> str:
        """What somebody must bring; empty when not given."""
        value = self.text(name)
        if value and not re.fullmatch(r"[\w.~+/=-]{20,}", value, re.ASCII):
            raise BadValue(name, None, "at least 20 random letters and digits")
        return value

    def mail(self, name: str) -> dict[str, str | int | bool]:
        """Django's mail settings; empty when no server is named."""
        value = self.text(name)
        if not value:
            return {}
        allowed = "smtp://, smtp+starttls:// or smtps://, maybe user:password@, a host, maybe :port"
        parts = _split(name, value, secret=True)
        ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
        if parts.scheme not in ports or not parts.hostname or parts.path not in {"", "/"} or parts.query:
            raise BadValue(name, None, allowed)
        return {
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": parts.port or ports[parts.scheme],
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
            "EMAIL_USE_SSL": parts.scheme == "smtps",
        }

    def database(self, name: str, default: Path) -> dict[str, object]:
        """Django's settings of one database: SQLite by default, PostgreSQL when the address says so."""
        value = self.text(name)
        if not value:
            return sqlite(default)
        allowed = "sqlite:///path or postgres://user:password@host:port/name, maybe with ?" + ", ".join(
            sorted(_POSTGRES_OPTIONS)
        )
        parts = _split(name, value, secret=True)
        if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1 and not parts.query:
            path = unquote(parts.path)  # four slashes for an absolute path, three for one from here
            return sqlite(Path(path[1:]).absolute())
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.scheme not in {"postgres", "postgresql"} or options.keys() - _POSTGRES_OPTIONS or len(parts.path) < 2:
            raise BadValue(name, None, allowed)
        return postgresql(parts, options)

    def refuse_unknown(self, names: Iterable[str]) -> None:
        """A misspelt variable must not be silently without effect."""
        readable = self.known | {f"{name}_FILE" for name in self.known}
        for name in sorted(names):
            if name.startswith("TWOFOLD_") and name not in readable:
                ours = ", ".join(sorted(known for known in self.known if known.startswith("TWOFOLD_")))
                raise ImproperlyConfigured(f"{name} is not a setting of Twofold. Allowed: {ours}.")


def is_loopback(host: str) -> bool:
    """Whether this name or address never leaves the machine."""
    return (
        host in LOOPBACK_NAMES
        or host.endswith(".localhost")
        or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
    )


def sqlite(path: Path) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,  # pages are made in a few threads that stay (config/pages.py); whoever else asks closes
        "OPTIONS": {
            # Deferred transactions that write after a read fail at once under contention; immediate ones wait.
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON"
            ),
        },
    }


def postgresql(parts: SplitResult, options: dict[str, str]) -> dict[str, object]:
    limits = "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
    # To compile a question of the admin's schedule takes ten times as long as to answer it.
    plans = "-c jit=off"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,  # the pool keeps connections, never a thread
        "OPTIONS": {
            **options,
            "options": f"{limits} {plans}",
            "pool": {"min_size": 2, "max_size": 8, "timeout": 10},
            # What a page asks again and again is planned once in each connection.
            "server_side_binding": True,
            "prepare_threshold": 5,
        },
    }


def _split(name: str, value: str, *, secret: bool = False) -> SplitResult:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 (reading it is what checks it)
    except ValueError as error:
        raise BadValue(name, None if secret else value, "an address with a valid host and port") from error
    return parts


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _kept_secret(path: Path) -> str:
    """Made once, also when two processes start together: linking fails for the second, who then reads the first's."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64) + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
