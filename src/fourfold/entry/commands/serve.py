"""`fourfold serve`: the web server and the worker of background jobs, started together and stopped together."""

import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

import click

from fourfold.entry.setup import django_as
from fourfold.platform.database import roles, where

PATIENCE_S = 60


def _free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _wait_until_up(host: str, port: int, running: list[subprocess.Popen[bytes]]) -> None:
    started = time.monotonic()
    while not _answers(host, port):
        if any(process.poll() is not None for process in running) or time.monotonic() - started > PATIENCE_S:
            raise LookupError("The web server did not start. Its own words are above.")
        time.sleep(0.05)


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def _check_server() -> None:
    with roles.connect(where.place()) as connection:
        roles.check_version(connection)
        if os.environ.get("FOURFOLD_PRODUCTION") == "1":
            roles.check_production(connection)


@click.command(name="serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the web pages and run background jobs until stopped with Ctrl+C."""
    if not _free(host, port):
        raise LookupError(f"Something else listens on {host}:{port}. Stop it, or choose another with --port.")
    django_as("app")
    from fourfold.entry.demo import who_to_sign_in_as

    _check_server()
    environment = os.environ | {"FOURFOLD_POOL": "8", "FOURFOLD_DATABASE_ROLE": "app"}
    web = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", "4", "--no-ws", "--log-level", "warning"),
        "fourfold.entry.wsgi:application",
    ]
    jobs = [sys.executable, "-m", "fourfold.entry.cli", "worker"]
    running = [subprocess.Popen(command, env=environment, start_new_session=True) for command in (web, jobs)]  # noqa: S603

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        _wait_until_up(host, port, running)
        click.echo(f"\nFourfold is at http://{'localhost' if host == '127.0.0.1' else host}:{port}/")
        for line in who_to_sign_in_as():
            click.echo(line)
        click.echo("Stop it with Ctrl+C.")
        while all(process.poll() is None for process in running):
            time.sleep(0.5)
        raise LookupError("The web server or the worker of background jobs stopped by itself. Its own words are above.")
    except KeyboardInterrupt:
        click.echo("Stopping")
    finally:
        _stop(running)


COMMANDS = (serve,)
