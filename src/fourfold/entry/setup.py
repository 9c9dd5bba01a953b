"""Django made ready for a command: the database running, and connected to as one role."""

import atexit
import gc
import os
import sys

from fourfold.platform.database import server, where


def django_as(role: where.Role = "app") -> None:
    """Start the embedded database where that is what is used, and set Django up to connect as `role`.

    Raises:
        RuntimeError: Django is already set up as another role; one process keeps one.
    """
    if where.is_embedded():
        server.start()
    if "django.conf" in sys.modules:
        from django.conf import settings  # noqa: PLC0415  importing it before the role is chosen would fix the role

        if settings.configured and role != settings.DATABASE_ROLE:
            raise RuntimeError(f"This process connects as {settings.DATABASE_ROLE}, not as {role}.")
    os.environ["FOURFOLD_DATABASE_ROLE"] = role
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
    import django  # noqa: PLC0415

    django.setup()


def makes_much_and_ends() -> None:
    """For a command that makes many objects and lives for seconds: looking for cycles took a fifth of its time."""
    gc.set_threshold(50_000, 20, 50)


def lives_long() -> None:
    """For a web process that is ready: what it has loaded is never garbage, and a page makes little that is."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else libraries tell of leaks when the process ends
    gc.set_threshold(50_000, 20, 50)
