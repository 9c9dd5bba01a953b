"""Figures as files: CSV, a workbook, or a PDF that says on every page what it is, and may be handed on as it is."""

import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from pathlib import Path
from threading import Lock
from typing import IO, Any, Final, cast
from unicodedata import normalize

from django.http.response import HttpResponseBase
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames, registerFont, registerFontFamily
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from fourfold.platform.audit import services as audit
from fourfold.platform.ui import exports, workbooks
from fourfold.platform.ui.components import Value
from fourfold.platform.ui.jinja import shown
from fourfold.platform.ui.pages import OFFICIAL_SENSITIVE

MARGIN: Final = 15 * mm
PDF: Final = "application/pdf"
FORMATS: Final = frozenset({*exports.FORMATS, "pdf"})
WIDEST: Final = 600
FONTS: Final = Path(__file__).parent / "data" / "fonts"
REGULAR: Final = "LiberationSans-Regular"
BOLD: Final = "LiberationSans-Bold"

Facts = tuple[tuple[str, str], ...]
_putting = Lock()


@dataclass(frozen=True)
class Sheet:
    """One table to be taken away, with what must stand beside it.

    Args:
        name: Of the file, and what the ledger calls it.
        facts: Title, filter, source, the date it is read for: label and value.
        widths: How wide the columns of the PDF are, as shares; equal where none are given.
    """

    name: str
    title: str
    facts: Facts
    heads: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    widths: tuple[float, ...] = ()


def deliver(sheet: Sheet, *, wanted: str, day: date, reason: audit.Reason | None = None) -> HttpResponseBase:
    """The sheet as a file. The ledger notes who took it, in which form, with how many rows."""
    out = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024))  # noqa: SIM115  the answer closes it
    if wanted == "csv":
        exports.write_csv(out, sheet.heads, sheet.rows)
    elif wanted == "xlsx":
        about = exports.About(sheet.title, (("Marking", OFFICIAL_SENSITIVE), *sheet.facts))
        workbooks.write_xlsx(out, sheet.heads, sheet.rows, about)
    else:
        write_pdf(out, sheet)
    audit.note(
        audit.Operation.EXPORT,
        object_type=f"performance {sheet.name.removeprefix('performance ')}"[:80],
        reason=reason,
        format=wanted,
        rows=len(sheet.rows),
        facts=dict(sheet.facts),
    )
    kind = PDF if wanted == "pdf" else exports.FORMATS[cast("exports.Format", wanted)]
    name = f"{OFFICIAL_SENSITIVE} {sheet.name} {day.isoformat()}.{wanted}"
    return exports.attached(out, name=name, kind=kind)


def write_pdf(out: IO[bytes], sheet: Sheet) -> None:
    """A4 on its side. Title, facts and marking; the head of the table and the marking come again on every page."""
    _put_in_fonts()
    styles = getSampleStyleSheet()
    large = ParagraphStyle("large", parent=styles["Title"], fontName=BOLD)
    small = ParagraphStyle("small", parent=styles["BodyText"], fontName=REGULAR, fontSize=8, leading=10)
    bold = ParagraphStyle("bold", parent=small, fontName=BOLD)
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN + 6 * mm,
        bottomMargin=MARGIN + 4 * mm,
        title=sheet.title,
        author="Fourfold",
        subject="; ".join(f"{label}: {value}" for label, value in sheet.facts)[:WIDEST],
        keywords=OFFICIAL_SENSITIVE,
        lang="en-GB",
        initialFontName=REGULAR,
    )
    story: list[Any] = [Paragraph(_line(sheet.title), large)]
    story += [Paragraph(f"<b>{_line(label)}:</b> {_line(value)}", small) for label, value in sheet.facts]
    story.append(Spacer(1, 5 * mm))
    story.append(_table(sheet, document.width, small, bold))
    document.build(story, canvasmaker=_Marked)


def _put_in_fonts() -> None:
    """The fonts that a file carries with it, as much of them as it prints: a reader's own may have no Welsh letters.

    Put in once, by one thread: a second font of the name would take the place of one that a file is being made with.
    """
    with _putting:
        if REGULAR not in getRegisteredFontNames():
            for name in (BOLD, REGULAR):
                registerFont(TTFont(name, FONTS / f"{name}.ttf"))
            registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def _line(text: str) -> str:
    """Text as a paragraph takes it. Letters and their accents come together, and a hyphen is one the fonts have."""
    return escape(normalize("NFC", text).replace("\u2011", "-"))


def _table(sheet: Sheet, width: float, small: ParagraphStyle, bold: ParagraphStyle) -> LongTable:
    shares = sheet.widths or (1.0,) * len(sheet.heads)
    body = [[Paragraph(_line(head), bold) for head in sheet.heads]]
    body += [[Paragraph(_line(_plain(value)), small) for value in row] for row in sheet.rows]
    made = LongTable(body, colWidths=[width * each / sum(shares) for each in shares], repeatRows=1)
    made.setStyle(
        TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), REGULAR),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#cecece")),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#f3f3f3")),
            ]
        )
    )
    return made


def _plain(value: Value) -> str:
    """As on the page, cut where one cell would fill a page of its own."""
    said = "" if value is None else shown(value)
    return said if len(said) <= WIDEST else f"{said[: WIDEST - 1]}…"


class _Marked(Canvas):  # type: ignore[misc]  # the library has no types
    """Prints the marking and the number of the page on each, when it is known how many there are."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  the name is the library's
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._kept, start=1):
            self.__dict__.update(page)
            width, height = self._pagesize
            self.setFont(BOLD, 9)
            self.drawCentredString(width / 2, height - 10 * mm, OFFICIAL_SENSITIVE)
            self.drawCentredString(width / 2, 8 * mm, OFFICIAL_SENSITIVE)
            self.setFont(REGULAR, 8)
            self.drawRightString(width - MARGIN, 8 * mm, f"Page {number} of {len(self._kept)}")
            super().showPage()
        super().save()


def facts_of(definition: Facts, *, taken_by: str, taken_on: date | datetime) -> Facts:
    """What a figure's file says of itself: its definition, then who took it and when."""
    return (*definition, ("Taken on", shown(taken_on)), ("Taken by, and worked out from what they may see", taken_by))
