"""The third-party files: cleaned of what GOV.UK alone may use, fetched by a lock that names no host."""

import json
import re

import pytest

from fourfold.platform.database.where import source_root
from fourfold.platform.ui import assets

SHEET = (
    "@font-face{font-family:GDS Transport;src:url(/assets/fonts/a.woff2)}"
    ".a{font-family:GDS Transport,arial,sans-serif;color:red}"
    ".govuk-footer__copyright-logo:before{content:'';background-image:url(/assets/images/govuk-crest.svg)}"
    "@supports (mask-position:initial){"
    ".govuk-footer__copyright-logo:before{mask-image:url(/assets/images/govuk-crest.svg)}}"
    ".b{background:url(/assets/images/icon.svg)}\n/*# sourceMappingURL=a.css.map */\n"
)


def test_cleaning_takes_out_the_font_and_the_crest_and_makes_addresses_relative():
    assert assets.clean_css(SHEET) == f".a{{font-family:{assets.FONTS};color:red}}.b{{background:url(images/icon.svg)}}"


@pytest.mark.parametrize(
    "text", [".a{font-family:GDS Transport}", ".a{background:url(/assets/x.png)}", "a{background:url(https://x/y.png)}"]
)
def test_what_is_not_clean_is_refused(text):
    with pytest.raises(assets.AssetsFailed):
        assets.check("a.css", text)


def test_the_built_files_hold_nothing_of_govuks_own():
    assert assets.is_built(), "run `fourfold assets`"
    for name in assets.FILES:
        assets.check(name, (assets.VENDOR / name).read_text(encoding="utf-8"))
    names = {path.name for path in assets.VENDOR.glob("**/*")}
    assert not {name for name in names if re.search(r"crest|logo|\.woff|transport", name, re.IGNORECASE)}
    used = assets.images_of((assets.VENDOR / "moj-frontend.min.css").read_text(encoding="utf-8"))
    assert used <= names


def test_the_lock_names_no_host_and_pins_each_package_by_its_hash():
    lock = json.loads((source_root() / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages["node_modules/govuk-frontend"]["version"] == "6.3.0"
    assert all("resolved" not in entry and entry["integrity"].startswith("sha512-") for entry in packages.values())
