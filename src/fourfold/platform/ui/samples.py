"""Neutral sample values for the page that shows every pattern. Nothing here is about a person."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from django import forms

from fourfold.platform.ui import fields
from fourfold.platform.ui.components import (
    Action,
    Alert,
    Card,
    Cell,
    Empty,
    Fact,
    Figure,
    Head,
    IdentityBar,
    Link,
    Moment,
    Step,
    Tab,
    Table,
    Tag,
    Ticket,
    Waterfall,
)
from fourfold.platform.ui.pages import Foot, Page

HERE = "/patterns/"
COLOURS = (
    Tag("Grey", "grey"),
    Tag("Green", "green"),
    Tag("Teal", "teal"),
    Tag("Blue", "blue"),
    Tag("Purple", "purple"),
    Tag("Magenta", "magenta"),
    Tag("Red", "red"),
    Tag("Orange", "orange"),
    Tag("Yellow", "yellow"),
)


class SampleForm(forms.Form):
    """One field of each shape."""

    name = forms.CharField(label="Name of the sample", help_text="Up to 60 characters", max_length=60)
    amount = forms.IntegerField(label="How many", min_value=0, required=False)
    notes = forms.CharField(label="Notes", widget=forms.Textarea, help_text="Write for a reader in another force")
    kind = forms.ChoiceField(label="Kind", choices=[("", "Choose a kind"), ("a", "First kind"), ("b", "Second kind")])
    grade = forms.ChoiceField(
        label="Grade",
        widget=forms.RadioSelect,
        choices=[
            ("A", fields.Choice("A", hint="Known directly")),
            ("B", fields.Choice("B", hint="Known indirectly, and corroborated")),
            ("C", "C"),
        ],
    )
    themes = forms.MultipleChoiceField(
        label="Themes",
        widget=forms.CheckboxSelectMultiple,
        choices=[("one", "First theme"), ("two", "Second theme"), ("three", "Third theme")],
        required=False,
    )
    seen_on = fields.DateField(label="Date it was seen", help_text="For example, 27 3 2023")
    paper = forms.FileField(label="Paper", required=False, help_text="A PDF of up to 5 MB")
    agrees = forms.BooleanField(label="I have checked this", help_text="Another person will see it")


@dataclass(frozen=True, kw_only=True)
class Patterns(Page):
    identity: IdentityBar
    tabs: tuple[Tab, ...]
    moments: tuple[Moment, ...]
    shown_alerts: tuple[Alert, ...]
    colours: tuple[Tag, ...]
    facts: tuple[Fact, ...]
    cards: tuple[Card, ...]
    figures: tuple[Figure, ...]
    ticket: Ticket
    table: Table
    empty_table: Table
    empty: Empty
    waterfall: Waterfall
    actions: tuple[Action, ...]
    menu: tuple[Action, ...]
    change: Link
    form: SampleForm


def patterns_page(form: SampleForm) -> Patterns:
    facts = (
        Fact("Reference", "S-0412", href=HERE),
        Fact("Owner", "Example organisation"),
        Fact("Next review", date(2023, 3, 27)),
        Fact("Closed", None),
    )
    return Patterns(
        title="Patterns of this service",
        caption="For the people who build it",
        has_errors=bool(form.errors),
        crumbs=(Link("My work", "/"), Link("Patterns", HERE)),
        foot=Foot(
            changed="Last changed on 4 January 2023 at 2:05pm by Example Unit.",
            seen_by="Every organisation in the region.",
            links=(Link("Who looked", HERE), Link("As recorded on another date", HERE)),
        ),
        identity=IdentityBar(
            "Patterns of this service",
            reference="S-0412",
            facts=facts[1:3],
            tags=(Tag("Tier 1", "red"), Tag("Active", "green")),
            actions=(Action("Change", HERE), Action("Close it", HERE, kind="warning")),
        ),
        tabs=(
            Tab("Summary", HERE, current=True),
            Tab("Members", HERE + "#members", count=12),
            Tab("History", HERE + "#history"),
        ),
        moments=(
            Moment("Tier changed", datetime(2023, 1, 4, 14, 5, tzinfo=UTC), "From 2 to 1.", by="Example Unit"),
            Moment("Nominated", date(2022, 11, 30), href=HERE, tag=Tag("New", "blue")),
        ),
        shown_alerts=(
            Alert(
                "information",
                "You are looking at what was recorded by the end of 4 January 2023.",
                link=Link("Go back to now", HERE),
            ),
            Alert("success", "The sample was saved."),
            Alert("warning", "Two other samples have the same words."),
            Alert("error", "Row 17 has a date that does not exist, and was kept apart.", heading="One row needs you"),
        ),
        colours=COLOURS,
        facts=facts,
        cards=(
            Card("First card", facts[1:3], href=HERE, tags=(Tag("Late", "orange"),)),
            Card("Second card", text="A card may hold a sentence.", hint="Two days ago"),
        ),
        figures=(
            Figure(12_345, "rows received", HERE, "in this delivery"),
            Figure(17, "kept apart", HERE),
            Figure(0, "late", hint="since Monday"),
        ),
        ticket=Ticket("One thing that stands out", "It is due on 27 March 2023.", facts[:2], Link("Open it", HERE)),
        table=Table(
            "Samples by month",
            (Head("Reference"), Head("Month"), Head("State"), Head("Rows", numeric=True)),
            (
                (
                    Cell("S-0412", HERE),
                    Cell(date(2023, 1, 4)),
                    Cell(None, tag=Tag("Active", "green")),
                    Cell(12_345, numeric=True),
                ),
                (Cell("S-0413", HERE, hint="once S-0399"), Cell(None), Cell("Closed"), Cell(7)),
            ),
        ),
        empty_table=Table("Samples of last year", (Head("Reference"),), (), empty="No sample was recorded last year."),
        empty=Empty(
            "Nothing is here yet", "Samples will be here once a source sends some.", Link("Add a source", HERE)
        ),
        waterfall=Waterfall(
            (
                Step("Name", "Sounds alike", 6.2, "An uncommon name counts for more"),
                Step("Date of birth", "Same day", 9.4),
                Step("Postcode", "Different district", -2.8),
            ),
            prior=-11.6,
            total=1.2,
            probability=0.697,
        ),
        actions=(
            Action("Record one", HERE, kind="primary"),
            Action("Compare", HERE),
            Action("Take it back", HERE, post=True, kind="warning", fields=(("name", ""),)),
            Action("Read how", HERE, kind="link"),
        ),
        menu=(Action("Move", HERE), Action("Hand over", HERE), Action("Print", HERE)),
        change=Link("Change", HERE),
        form=form,
    )
