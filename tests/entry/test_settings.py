"""What production asks of its settings before it starts."""

import os
import subprocess
import sys

import pytest

SHOW = "from fourfold.entry import settings as s; print(s.ALLOWED_HOSTS, getattr(s, 'SECURE_PROXY_SSL_HEADER', None))"
PRODUCTION = {"FOURFOLD_PRODUCTION": "1", "FOURFOLD_SECRET_KEY": "a long random text", "FOURFOLD_HOSTS": "soc.test"}


@pytest.fixture
def started(tmp_path):
    """The settings as a process of its own reads them."""

    def start(**given: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FOURFOLD_")}
        environment = kept | {"FOURFOLD_DATA": str(tmp_path)} | given
        return subprocess.run(
            [sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=False
        )

    return start


def test_a_proxys_word_for_https_is_believed_only_where_a_proxy_is_said_to_stand(started):
    assert "None" in started(**PRODUCTION).stdout
    assert "HTTP_X_FORWARDED_PROTO" in started(**PRODUCTION, FOURFOLD_BEHIND_TLS="1").stdout


@pytest.mark.parametrize("missing", ["FOURFOLD_SECRET_KEY", "FOURFOLD_HOSTS"])
def test_production_does_not_start_without_a_key_or_the_names_it_serves(started, missing):
    refused = started(**{name: value for name, value in PRODUCTION.items() if name != missing})
    assert refused.returncode == 1
    assert missing in refused.stderr


def test_host_names_are_those_given_and_on_ones_own_machine_those_of_the_machine(started):
    assert started(**PRODUCTION | {"FOURFOLD_HOSTS": "soc.test, rocu.test"}).stdout.startswith(
        "['soc.test', 'rocu.test']"
    )
    assert "'localhost'" in started().stdout
