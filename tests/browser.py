"""A real browser for tests: Debian's Chromium through Playwright, at the sizes of a desk and of a phone.

Its headless shell is taken first where it is installed: the same engine without the window's parts, which take a third
of the processor time.

Where there is no Chromium these tests skip with a sentence, unless `FOURFOLD_BROWSER_TESTS=required`.
A page of these fixtures remembers what the browser complained about; the test fails when there is anything.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connections
from django.test import Client
from django.test.testcases import FSFilesHandler, LiveServerThread
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect, sync_playwright

from fourfold.platform.people.models import User
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
    # A page lives for a second: to compile its scripts, and axe-core, for the best speed takes longer than it saves.
    "--js-flags=--no-opt --no-maglev --single-threaded --min-semi-space-size=16",
)
STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
NOT_FOUND = 400
# The script is asked for by an address of the site, as the policy of every page allows: the browser then keeps it, read
# and compiled, for the next page. Only sentences come back: to take everything over costs as much as to look.
JUDGE = """async ([script, how]) => {
    if (!window.axe) {
        await new Promise((ready, failed) => {
            const element = document.createElement("script");
            Object.assign(element, { src: script, onload: ready, onerror: () => failed(new Error("no axe-core")) });
            document.head.append(element);
        });
    }
    const { violations } = await axe.run(document, how);
    return violations.flatMap(({ id, impact, help, nodes }) =>
        nodes.map(({ html }) => `${id} (${impact}): ${help}: ${html.slice(0, 200)}`));
}"""
DRAWN = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
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
    # keeps other connections than before and after: what is left open is cut off when the test database is copied anew.
    connections.close_all()
    with pytest.MonkeyPatch.context() as patched, sync_playwright() as playwright:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        yield browser
        browser.close()
        connections.close_all()


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


class _AxeBeside(FSFilesHandler):
    """The site, and beside it axe-core for the browser that judges its pages."""

    def get_base_dir(self) -> Path:
        return AXE.parent

    def get_base_url(self) -> str:
        return "/axe-core/"


@contextmanager
def served() -> Iterator[str]:
    """The address of the site, served from a thread on the test database."""
    # Head and body are two packets; the second would wait 40 ms for the browser to own to the first.
    WSGIRequestHandler.disable_nagle_algorithm = True
    thread = LiveServerThread("127.0.0.1", _AxeBeside)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()


@pytest.fixture
def live_site(lasting_db: None) -> Iterator[str]:
    """The address of the site, served from a thread, for browsers."""
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def kept_site(kept_db: None) -> Iterator[str]:
    """As `live_site`, on a database of the module's own."""
    with served() as address:
        yield address


def axe(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA and its own best practices: one sentence for each element."""
    if not AXE.exists():
        pytest.fail("axe-core is missing: run `fourfold assets`")
    # A click is over when the next page has begun to arrive: half a page cannot be judged.
    page.wait_for_load_state()
    how = {
        "runOnly": {"type": "tag", "values": list(STANDARDS)},
        # Only violations are wanted in full: to describe every element that passed takes most of its time.
        "resultTypes": ["violations"],
        "iframes": False,
    }
    return list(page.evaluate(JUDGE, [f"/axe-core/{AXE.name}", how]))


def screenshot(page: Page, name: str) -> None:
    """The whole page as a picture under `build/screenshots/`, for a person to look at; where nobody will, not taken."""
    if os.environ.get("FOURFOLD_SCREENSHOTS"):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window: 0 where nothing is cut off."""
    page.wait_for_load_state()
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def faults(page: Page) -> list[str]:
    """What keeps somebody from using the page in this window: what axe finds, and what is cut off."""
    wide = overflow(page)
    return [*axe(page), *([f"{wide} pixels too wide"] if wide > 0 else [])]


@contextmanager
def as_on_a_phone(page: Page) -> Iterator[None]:
    """A desk's page in the window of a phone, as it stands. What a script draws by the width it finds is for
    `phone_page`; hovering comes back with the next page."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setDeviceMetricsOverride", {**PHONE, "deviceScaleFactor": 1, "mobile": True})
    devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    page.evaluate(DRAWN)
    yield
    devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    devtools.send("Emulation.setDeviceMetricsOverride", {**DESK, "deviceScaleFactor": 1, "mobile": False})
    devtools.detach()


def faults_in_both_windows(page: Page, name: str = "") -> list[str]:
    """As `faults`, at a desk and then on a phone, for pages that are only looked at."""
    page.wait_for_load_state()
    if name:
        screenshot(page, f"{name}-{DESK['width']}")
    found = faults(page)
    with as_on_a_phone(page):
        if name:
            screenshot(page, f"{name}-{PHONE['width']}")
        return found + [f"on a phone: {fault}" for fault in faults(page)]


def sound(page: Page, name: str = "") -> None:
    """Everybody can use the page: nothing that axe finds, nothing cut off. With a name, a picture to look at."""
    if name:
        screenshot(page, f"{name}-{page.viewport_size['width']}")
    assert (page.url, faults(page)) == (page.url, [])


def sound_in_both_windows(page: Page, name: str) -> None:
    """As `sound`, at a desk and on a phone: see `faults_in_both_windows`."""
    assert (page.url, faults_in_both_windows(page, name)) == (page.url, [])


def signed_in(page: Page, site: str, email: str) -> None:
    """The browser is this person's from its next page on. For what comes after the form of `sign_in`, without it."""
    client = Client()
    client.force_login(User.objects.get(email=email))
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])


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
