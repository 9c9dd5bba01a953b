"""Files as people bring them, and a store for their bytes."""

import io
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from fourfold.exchange import rules, selectors, services
from fourfold.exchange.models import Import
from fourfold.intake.storage import Store
from fourfold.platform.people.models import User

NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
TODAY = date(2026, 10, 1)
THREAT = {
    "Threat type": "OCG",
    "Name": "Harbour line",
    "Summary": "People moving class A drugs into two coastal towns",
    "Themes": "Drugs: County lines",
    "Phase": "Development",
    "Nominated on": date(2022, 3, 1),
}
DISRUPTION = {
    "Event date": date(2022, 6, 1),
    "Category": "Minor",
    "Primary P": "Pursue",
    "What they can no longer do": "They cannot use the lock-up",
}


@pytest.fixture
def store(tmp_path: Path, settings: Any) -> Store:
    settings.INTAKE_FOLDER = tmp_path / "store"
    return Store(tmp_path / "store")


def workbook(sheets: Mapping[str, Iterable[Mapping[str, Any]]]) -> bytes:
    """A workbook as somebody types it: a heading row of whatever the lines name, then the lines."""
    book = Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet, typed = book.create_sheet(name), list(lines)
        headings = list(dict.fromkeys(heading for line in typed for heading in line))
        sheet.append(headings)
        for line in typed:
            sheet.append([line.get(heading) for heading in headings])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells_of(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """Every cell of every sheet."""
    book = load_workbook(io.BytesIO(content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


@pytest.fixture
def bring(store: Store) -> Callable[..., Import]:
    """Bring a file and have it checked. Inside a scope of `actor`."""

    def brought(actor: User, content: bytes, *, name: str = "exchange.xlsx", layout: str = "", **when: Any) -> Import:
        return services.receive(
            actor=actor,
            stream=io.BytesIO(content),
            name=name,
            layout=selectors.layout(layout),
            store=store,
            **{"now": NOW, "today": TODAY, **when},
        )

    return brought


@pytest.fixture
def confirm(store: Store) -> Callable[..., Import]:
    """Import what was checked. Inside a scope of `actor`."""

    def confirmed(actor: User, of: Import, *, only_good: bool = False, **when: Any) -> Import:
        return services.confirm(
            actor=actor,
            of=of,
            layout=selectors.layout(of.layout),
            store=store,
            only_good=only_good,
            **{"now": NOW, "today": TODAY, **when},
        )

    return confirmed


@pytest.fixture
def take() -> Callable[..., bytes]:
    """Export what `actor` may see. Inside a scope of `actor`."""

    def taken(actor: User, *, form: services.Form = "xlsx", layout: str = "", **asked: Any) -> bytes:
        out = io.BytesIO()
        services.export(
            actor=actor,
            out=out,
            form=form,
            layout=selectors.layout(layout),
            wanted=asked.pop("wanted", rules.Wanted()),
            reason="For the monthly return",
            **{"now": NOW, "today": TODAY, **asked},
        )
        return out.getvalue()

    return taken
