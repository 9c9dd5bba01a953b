"""Commands refuse with one sentence and exit code 1, never with a traceback."""

import os
import socket
import subprocess
import sys

import pytest


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fourfold.entry.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "FOURFOLD_OWNER_DATABASE_URL"}}
        | environment,
    )


def test_help_lists_the_rooms_commands():
    told = run("--help")
    assert told.returncode == 0
    for command in ("audit", "db", "demo", "intake", "load-open-data", "reference", "serve", "simulate", "worker"):
        assert command in told.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (("db", "migrate"), {"DATABASE_URL": "postgresql://app@localhost/fourfold"}, "Set FOURFOLD_OWNER_DATABASE_URL"),
        (("db", "start"), {"FOURFOLD_PG_BINDIR": "/nowhere"}, "holds no postgres program"),
        (("db", "backup", "/tmp"), {}, "already there"),
    ],
    ids=["no owner in production", "no programs", "a folder that is there"],
)
def test_a_refusal_is_a_sentence(arguments, environment, sentence):
    told = run(*arguments, **environment)
    assert told.returncode == 1
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr


def test_an_unknown_command_is_named():
    told = run("frobnicate")
    assert told.returncode == 2
    assert "frobnicate" in told.stderr


def test_serving_on_a_port_that_is_taken_says_so():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = run("serve", "--port", str(taken.getsockname()[1]))
    assert told.returncode == 1
    assert "Something else listens" in told.stderr
