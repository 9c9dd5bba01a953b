"""A real browser for tests: Debian's Chromium through Playwright, at the sizes of a desk and of a phone.

Its headless shell is taken first where it is installed: the same engine without the window's parts, which take a third
of the processor time.

Where there is no Chromium these tests skip with a sentence, unless `FOURFOLD_BROWSER_TESTS=required`.
A page of these fixtures remembers what the browser complained about; the test fails when there is anything.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect, sync_playwright

from tests.universe import PASSWORD

ROOT = Path(__file__).resolve().parents[1]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "build" / "screenshots"
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
NOT_FOUND = 400
# What a page becomes is waited for as long as a click is: on a busy machine five seconds are soon over.
expect.set_options(timeout=30_000)


def chromium_path() -> str | None:
    """Chromium's program: `FOURFOLD_CHROMIUM`, or the one on the path."""
    named = os.environ.get("FOURFOLD_CHROMIUM")
    return named or next(filter(None, map(shutil.which, PROGRAMS)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module's tests, with an empty profile.

    Not for the whole session: while Playwright lives, its event loop runs in this thread, and a test of the worker in
    another module could not start its own.
    """
    program = chromium_path()
    if program is None:
        sentence = "There is no Chromium here: install Debian's package chromium, or set FOURFOLD_CHROMIUM."
        if os.environ.get("FOURFOLD_BROWSER_TESTS") == "required":
            pytest.fail(sentence)
        pytest.skip(sentence)
    # Django would otherwise refuse to read the database from a thread with an event loop. While the loop runs it also
    # keeps other connections than before; those of before would be cut off when the test database is copied anew.
    connections.close_all()
    with pytest.MonkeyPatch.context() as patched, sync_playwright() as playwright:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


class Complaints:
    """What the browser complained about on one page: errors, refused scripts and styles, files not found."""

    def __init__(self, page: Page) -> None:
        self.heard: list[str] = []
        self.allowed: set[str] = set()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(f"a script failed: {error}"))
        page.on("response", self._response)

    def allow(self, address: str) -> None:
        """This address is meant to answer with an error."""
        self.allowed.add(address)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.heard.append(message.text)

    def _response(self, response: Response) -> None:
        if response.status >= NOT_FOUND and not any(response.url.endswith(address) for address in self.allowed):
            self.heard.append(f"{response.status} for {response.url}")


def _page(browser: Browser, **options: Any) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", timezone_id="Europe/London", **options)
    page = context.new_page()
    complaints = Complaints(page)
    page.complaints = complaints
    yield page
    context.close()
    assert not complaints.heard, "The browser complained:\n" + "\n".join(complaints.heard)


@pytest.fixture
def browser_page(chromium: Browser) -> Iterator[Page]:
    """A page at the size of a desk; `browser_page.complaints` holds what the browser complained about."""
    yield from _page(chromium, viewport=DESK)


@pytest.fixture
def phone_page(chromium: Browser) -> Iterator[Page]:
    """A page at the size of a phone."""
    yield from _page(chromium, viewport=PHONE, has_touch=True, is_mobile=True)


@pytest.fixture
def plain_page(chromium: Browser) -> Iterator[Page]:
    """A page at the size of a desk, in a browser without JavaScript."""
    yield from _page(chromium, viewport=DESK, java_script_enabled=False)


def axe(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA and its own best practices: one sentence for each element.

    Contrast, which takes the longest, is looked at on a desk only: a phone shows the same colours.
    """
    if not AXE.exists():
        pytest.fail("axe-core is missing: run `fourfold assets`")
    # A click is over when the next page has begun to arrive: half a page cannot be judged.
    page.wait_for_load_state()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    # Only violations are wanted in full: to describe every element that passed takes most of its time.
    found = page.evaluate(
        "how => axe.run(document, how)",
        {
            "runOnly": {"type": "tag", "values": list(STANDARDS)},
            "rules": {"color-contrast": {"enabled": page.viewport_size != PHONE}},
            "resultTypes": ["violations"],
            "iframes": False,
        },
    )
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {node['html'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def screenshot(page: Page, name: str) -> None:
    """The whole page as a picture under `build/screenshots/`, for a person to look at; where nobody will, not taken."""
    if os.environ.get("FOURFOLD_SCREENSHOTS"):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window: 0 where nothing is cut off."""
    page.wait_for_load_state()
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def sound(page: Page, name: str = "") -> None:
    """Everybody can use the page: nothing that axe finds, nothing cut off. With a name, a picture to look at."""
    if name:
        screenshot(page, f"{name}-{page.viewport_size['width']}")
    assert (page.url, axe(page), overflow(page)) == (page.url, [], 0)


def sign_in(page: Page, site: str, email: str, password: str = PASSWORD) -> None:
    """As this person; whoever used the browser before is forgotten."""
    page.context.clear_cookies()
    page.goto(f"{site}/sign-in/")
    page.get_by_label("Email").fill(email)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site}/")


def give_a_reason(page: Page, *, of_kind: str = "An investigation or operation") -> None:
    """Why people are read, asked before the first page about any."""
    expect(page.get_by_role("heading", level=1)).to_contain_text("Why do you need")
    page.get_by_label(of_kind).check()
    page.get_by_label("Say briefly what for").fill("Operation Test")
    page.get_by_role("main").get_by_role("button", name="Continue").click()


def tab_to(page: Page, wanted: Locator, *, at_most: int = 80) -> None:
    """Press Tab until this has the focus, as somebody without a mouse does."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            return
    pytest.fail(f"{at_most} presses of Tab do not reach {wanted}")
