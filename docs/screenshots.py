# ruff: noqa: INP001  a script, not part of a package
"""Pictures of the demonstration for the README and the documents: `make screenshots`.

Builds the demonstration where it is not there, serves it, signs in, and writes `docs/images/*.png`.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from fourfold.entry.setup import django_as

IMAGES = Path(__file__).parent / "images"
LARGEST_BYTES = 250_000
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
PATIENCE_S = 60


def main() -> None:
    """Write every picture, or say in one sentence what is missing."""
    program = os.environ.get("FOURFOLD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise SystemExit("There is no Chromium here: install Debian's package chromium, or set FOURFOLD_CHROMIUM.")
    subprocess.run([sys.executable, "-m", "fourfold.entry.cli", "demo", "build"], check=True)
    django_as("app")
    IMAGES.mkdir(exist_ok=True)
    with served() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)
        lead = browser.new_context(locale="en-GB", timezone_id="Europe/London", viewport=DESK).new_page()
        sign_in(lead, site, "soc-lro-1@merseyside.example")
        take(lead, "my-work")
        desk = browser.new_context(locale="en-GB", timezone_id="Europe/London", viewport=DESK).new_page()
        at_desk(desk, site)
        planner = browser.new_context(locale="en-GB", timezone_id="Europe/London", viewport=DESK).new_page()
        at_a_plan(planner, site)
        moderator = browser.new_context(locale="en-GB", timezone_id="Europe/London", viewport=DESK).new_page()
        figures(moderator, site)
        phone = browser.new_context(
            locale="en-GB", timezone_id="Europe/London", viewport=PHONE, is_mobile=True, has_touch=True
        ).new_page()
        on_a_phone(phone, site)
        browser.close()


def at_desk(page: Page, site: str) -> None:
    sign_in(page, site, "intelligence-manager@merseyside.example")
    page.goto(f"{site}/threats/?state=open")
    take(page, "threats")
    page.goto(f"{site}/threats/?state=open&as_recorded_on=30/6/2024")
    take(page, "threats-as-recorded-on")
    page.goto(f"{site}/threats/?state=open&force=merseyside&type=OCG")
    some_members = page.locator("a[href*='/members/']", has_text=re.compile("^[1-9]"))
    page.locator("tbody tr").filter(has=some_members).first.get_by_role("link").first.click()
    take(page, "threat")
    page.get_by_role("link", name=re.compile("^Members")).first.click()
    page.get_by_label("Managing a threat on the master list").check()
    page.locator("main textarea, main input[type=text]").first.fill("Reviewing who is in the group")
    page.get_by_role("main").get_by_role("button").first.click()
    take(page, "members")
    page.locator("tbody th a").first.click()
    take(page, "person")
    page.goto(f"{site}/intake/")
    take(page, "intake")
    page.goto(f"{site}/assessments/?owner=merseyside&state=DRAFT")
    page.locator("tbody a").first.click()
    page.get_by_role("button", name="Score it").click()
    take(page, "matrix", at=".ff-criterion")


def at_a_plan(page: Page, site: str) -> None:
    """The first plan that has something to mend, and an aim that something has moved."""
    sign_in(page, site, "intelligence-manager@lancashire.example")
    page.goto(f"{site}/plans/?force=lancashire&health=fair&state=ADOPTED")
    for address in [link.get_attribute("href") for link in page.locator("tbody th a").all()]:
        page.goto(f"{site}{address}")
        if page.get_by_text("What moved it").count():
            take(page, "plan", at="main h2:text-is('Aims')")
            return
    raise SystemExit("No plan on the first page of the list has an aim that something moved.")


def figures(page: Page, site: str) -> None:
    sign_in(page, site, "rocta-moderator@nwrocu.example")
    page.goto(f"{site}/moderation/")
    take(page, "moderation")
    page.goto(f"{site}/performance/disruptions/")
    page.locator(".ff-chart__drawing svg").first.wait_for()
    take(page, "dashboard", at="main h2")
    page.goto(f"{site}/performance/inspection-2023/")
    take(page, "inspection", at="main table")
    page.goto(f"{site}/performance/inspection-2023/?as_recorded_on=4/1/2023")
    take(page, "inspection-as-recorded-on", at="main table")


def on_a_phone(page: Page, site: str) -> None:
    sign_in(page, site, "analyst@merseyside.example")
    page.goto(f"{site}/threats/?state=open")
    take(page, "threats-phone")
    page.goto(f"{site}/disruptions/record/")
    page.get_by_label("Nickname, plate, postcode, phone or reference").fill("Liverpool")
    page.get_by_role("button", name="Find").click()
    page.locator("[data-found] input[type=radio]").first.wait_for()
    take(page, "disruption-phone", at="main h1")
    page.get_by_role("button", name="Throw it away").click()


def sign_in(page: Page, site: str, email: str) -> None:
    from fourfold.entry.demo import PASSWORD  # noqa: PLC0415  models are loaded once Django is set up

    page.goto(f"{site}/sign-in/")
    page.get_by_label("Email").fill(email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def take(page: Page, name: str, *, at: str = "") -> None:
    """A picture of the window; `at` is what stands at its top, where that is not the top of the page."""
    if at:
        page.locator(at).first.evaluate("each => scrollTo(0, each.getBoundingClientRect().top + scrollY - 16)")
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise SystemExit(f"{path.name} has {size:,} bytes; a picture has at most {LARGEST_BYTES:,}.")
    sys.stdout.write(f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path} {size:,} bytes\n")


@contextmanager
def served() -> Iterator[str]:
    """The site on a free port, as `fourfold serve` serves it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "fourfold.entry.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
    site = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{site}/sign-in/", server)
        yield site
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    started = time.monotonic()
    while True:
        try:
            urllib.request.urlopen(address, timeout=5)  # noqa: S310  our own address
        except OSError:
            if server.poll() is not None or time.monotonic() - started > PATIENCE_S:
                raise SystemExit("The site did not start. Run fourfold serve to see why.") from None
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    main()
