"""A test client that refuses a page which a person, a keyboard or a screen reader could not use.

`PageClient` is `django.test.Client` with one habit more: it reads each HTML answer and raises `AssertionError` with
every fault it finds. `check(html)` does the same for text.
"""

import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

from django.test import Client

EMPTY_ELEMENTS = frozenset({"br", "circle", "hr", "img", "input", "line", "link", "meta", "path", "rect", "wbr"})
LABELLED = frozenset({"input", "select", "textarea"})
NEEDS_NO_LABEL = frozenset({"hidden", "submit", "button", "reset"})
SERVICE = " – Fourfold"


class Element:
    """One element with its attributes, the elements it stands in, and its text as read."""

    def __init__(self, tag: str, attributes: dict[str, str], within: tuple["Element", ...]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.within = within
        self.parts: list[str] = []

    @property
    def text(self) -> str:
        return " ".join("".join(self.parts).split())

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    def __str__(self) -> str:
        shown = " ".join(f'{k}="{v}"' for k, v in self.attributes.items() if k in {"id", "name", "href", "class"})
        return f"<{self.tag} {shown}>"


class Page(HTMLParser):
    """The elements of a page, in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.doctype = ""
        self._open: list[Element] = []
        self.feed(html)
        self.close()

    def handle_decl(self, decl: str) -> None:
        self.doctype = decl.lower()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open))
        self.elements.append(element)
        if tag not in EMPTY_ELEMENTS:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open)))

    def handle_endtag(self, tag: str) -> None:
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at].tag == tag:
                del self._open[at:]
                return

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.parts.append(data)

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def text(self) -> str:
        return self.elements[0].text if self.elements else ""


def faults(html: str, *, nonce: str | None = None) -> list[str]:
    """What is wrong with a page, as sentences. `nonce` is the one of the answer's policy, where the answer is known."""
    page = Page(html)
    return [
        *_frame_faults(page),
        *_heading_faults(page),
        *_policy_faults(page, nonce),
        *_form_faults(page),
        *_name_faults(page),
        *_reference_faults(page),
        *_table_faults(page),
        *_leak_faults(page),
    ]


def check(html: str, *, nonce: str | None = None) -> None:
    """Raises `AssertionError` with every fault of the page."""
    found = faults(html, nonce=nonce)
    assert not found, "This page has faults:\n" + "\n".join(f"- {fault}" for fault in found)


class PageClient(Client):
    """A client that checks each HTML answer, whatever its status. `checked` counts them."""

    checked = 0

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        is_page = not response.streaming and response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and response.content:
            check(response.content.decode(), nonce=nonce_of(response.headers.get("Content-Security-Policy", "")))
            self.checked += 1
        return response


def nonce_of(policy: str) -> str:
    """The nonce of a content security policy; empty where it allows none."""
    found = re.search(r"'nonce-([^']+)'", policy)
    return found[1] if found else ""


def _frame_faults(page: Page) -> list[str]:
    found = []
    if page.doctype != "doctype html":
        found.append("it does not begin with <!DOCTYPE html>")
    if not any(element.get("lang") for element in page.all("html")):
        found.append("the html element does not say its language")
    if "OFFICIAL" not in page.text():
        found.append("the marking is missing")
    skips = [link for link in page.all("a") if "govuk-skip-link" in link.get("class")]
    ids = {element.get("id") for element in page.elements} - {""}
    if not skips or skips[0].get("href").removeprefix("#") not in ids:
        found.append("there is no skip link that leads to the content")
    if len(page.all("main")) != 1:
        found.append(f"it has {len(page.all('main'))} main elements")
    if not any("govuk-" in element.get("class") for element in page.elements):
        found.append("nothing on it uses GOV.UK's styles")
    return found


def _heading_faults(page: Page) -> list[str]:
    headings = page.all("h1")
    if len(headings) != 1:
        return [f"it has {len(headings)} h1 headings"]
    titles = [title for title in page.all("title") if not any(e.tag == "svg" for e in title.within)]
    title = titles[0].text.removeprefix("Error: ") if titles else ""
    if title != headings[0].text + SERVICE:
        return [f"its title is “{title}”, which does not match its heading “{headings[0].text}”"]
    return []


def _policy_faults(page: Page, nonce: str | None) -> list[str]:
    found = [f"{element} has an inline style" for element in page.elements if "style" in element.attributes]
    found += ["it has a style element" for _ in page.all("style")]
    for element in page.elements:
        found += [f"{element} has the inline script {name}" for name in element.attributes if name.startswith("on")]
        if element.get("href").lower().startswith("javascript:"):
            found.append(f"{element} runs a script")
    for script in page.all("script"):
        if not script.get("nonce") or (nonce is not None and script.get("nonce") != nonce):
            found.append(f"a script lacks the nonce of the policy: {script.get('src') or script.text[:40]}")
    return found


def _form_faults(page: Page) -> list[str]:
    found = []
    labels = {label.get("for"): label.text for label in page.all("label")}
    for asked in page.all(*LABELLED):
        if asked.get("type") in NEEDS_NO_LABEL:
            continue
        named = labels.get(asked.get("id"), "") or asked.get("aria-label") or asked.get("aria-labelledby")
        if not named and not any(element.tag == "label" for element in asked.within):
            found.append(f"{asked} has no label")
    for form in page.all("form"):
        if form.get("method").lower() == "post":
            inside = [element for element in page.all("input") if form in element.within]
            if not any(element.get("name") == "csrfmiddlewaretoken" for element in inside):
                found.append(f"the form to “{form.get('action')}” has no CSRF token")
    named = {id(element) for legend in page.all("legend") for element in legend.within}
    return found + [f"{group} has no legend" for group in page.all("fieldset") if id(group) not in named]


def _name_faults(page: Page) -> list[str]:
    found = []
    images = page.all("img", "svg")
    for element in page.all("a", "button", "summary"):
        drawn = any(element in image.within and (image.get("alt") or image.get("aria-label")) for image in images)
        if not element.text and not element.get("aria-label") and not drawn:
            found.append(f"{element} has no text")
    found += [f"{image} has no alt text" for image in page.all("img") if "alt" not in image.attributes]
    return found


def _reference_faults(page: Page) -> list[str]:
    counted = Counter(element.get("id") for element in page.elements if "id" in element.attributes)
    found = [f"the id “{name}” is used {n} times" for name, n in counted.items() if n > 1]
    for element in page.elements:
        for name in ("aria-describedby", "aria-labelledby", "aria-controls"):
            found += [f"{element}: {name} leads nowhere ({i})" for i in element.get(name).split() if i not in counted]
        if element.tag == "label" and element.get("for") and element.get("for") not in counted:
            found.append(f"{element} labels nothing ({element.get('for')})")
        target = element.get("href")
        if element.tag == "a" and target.startswith("#") and len(target) > 1 and target[1:] not in counted:
            found.append(f"{element} leads nowhere")
    return found


def _table_faults(page: Page) -> list[str]:
    found = []
    for table in page.all("table"):
        caption = [c.text for c in page.all("caption") if table in c.within]
        if not any(caption) and not table.get("aria-label") and not table.get("aria-labelledby"):
            found.append(f"{table} has no caption")
        if not any(table in head.within and head.get("scope") for head in page.all("th")):
            found.append(f"{table} has no heading with a scope")
    return found


def _leak_faults(page: Page) -> list[str]:
    """Python that shows through: a None, or the text of an object."""
    found = [f"{element} says “None”" for element in page.elements if element.tag != "html" and element.text == "None"]
    if re.search(r"<[\w.]+ object at 0x|<QuerySet|\bUndefined\b|datetime\.date\(", page.text()):
        found.append("the text of a Python object shows")
    return found
