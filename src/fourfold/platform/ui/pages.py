"""The page every page is: what the shell prints around a room's own content."""

from dataclasses import dataclass

from django.forms import BaseForm

from fourfold.platform.ui.components import Alert, Link

OFFICIAL_SENSITIVE = "OFFICIAL-SENSITIVE"

__all__ = ["OFFICIAL_SENSITIVE", "Alert", "Foot", "FormPage", "Link", "Page"]


@dataclass(frozen=True, kw_only=True)
class Foot:
    """What changed last, who may see it, and where to look further."""

    changed: str = ""
    seen_by: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page. `crumbs` go from the service down to the page above this one."""

    title: str
    caption: str = ""
    crumbs: tuple[Link, ...] = ()
    marking: str = OFFICIAL_SENSITIVE
    foot: Foot | None = None
    alerts: tuple[Alert, ...] = ()
    has_errors: bool = False


@dataclass(frozen=True, kw_only=True)
class FormPage(Page):
    """A page that asks: one form, one button.

    Args:
        form: The fields; None for a page that only asks to confirm.
        button: What pressing it does, as a verb.
        action: Where it is sent; empty for this address.
        back: The way out without sending.
        lead: One paragraph above the fields.
        warning: The button ends or removes something, and is red.
        inset: What the person should have in view while answering.
    """

    form: BaseForm | None
    button: str = "Save"
    action: str = ""
    back: Link | None = None
    lead: str = ""
    warning: bool = False
    inset: str = ""

    @property
    def errors_shown(self) -> bool:
        return self.has_errors or (self.form is not None and bool(self.form.errors))
