"""The Jinja2 environment of every template.

GOV.UK's macros probe dictionaries for keys that may be missing, so a missing key of a dictionary is empty, as it is
for Nunjucks, for which they were written. Everything else that is missing is a mistake of ours and raises: a misspelt
attribute of a page, or a name that no template was given.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Never

from django.templatetags.static import static
from django.urls import reverse
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, PrefixLoader, Undefined
from jinja2.exceptions import TemplateRuntimeError, UndefinedError
from jinja2.utils import missing

from fourfold.platform.clock import LONDON
from fourfold.platform.ui.fields import errors_of, field_shown

# What the templates of govuk-frontend-jinja ask for without being given: the template's own settings, a macro's
# parameters, names a macro sets in one branch only, and Nunjucks' words for nothing.
PROBED = frozenset(
    {
        "assetPath",
        "assetUrl",
        "attributes",
        "bodyAttributes",
        "bodyClasses",
        "caller",
        "containerAttributes",
        "containerClasses",
        "cspNonce",
        "dateInputItems",
        "effectiveValue",
        "errorId",
        "footerAttributes",
        "footerClasses",
        "hasHint",
        "headerAttributes",
        "headerClasses",
        "hintId",
        "htmlClasses",
        "htmlLang",
        "isChecked",
        "itemDescribedBy",
        "itemHintId",
        "labelHtml",
        "listClasses",
        "mainAttributes",
        "mainClasses",
        "mainLang",
        "null",
        "opengraphImageUrl",
        "pageTitleLang",
        "params",
        "serviceName",
        "serviceUrl",
        "successBanner",
        "themeColor",
        "typeClass",
        "undefined",
    }
)


class CheckedUndefined(ChainableUndefined):
    """Empty when GOV.UK's macros probe for it; an error when it is ours."""

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, exc)
        if not self._is_probe():
            self._refuse()

    def _is_probe(self) -> bool:
        if self._undefined_obj is missing:
            return self._undefined_name is None or self._undefined_name in PROBED
        return isinstance(self._undefined_obj, (Mapping, Undefined))

    def _refuse(self) -> Never:
        raise self._undefined_exception(self._undefined_message)


def _shown_date(value: date | datetime) -> str:
    moment = value.astimezone(LONDON) if isinstance(value, datetime) else value
    return f"{moment.day} {moment:%B %Y}"


def shown_date(value: date | datetime | None) -> str:
    """`4 January 2023`; a moment is shown by its day in London; nothing is "Not recorded"."""
    return "Not recorded" if value is None else _shown_date(value)


def shown_moment(value: datetime | None) -> str:
    """`4 January 2023 at 2:05pm`, London time."""
    if value is None:
        return "Not recorded"
    local = value.astimezone(LONDON)
    return f"{_shown_date(local)} at {local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def shown_number(value: float | None) -> str:
    """`12,345`; a fraction keeps up to two places."""
    if value is None:
        return "Not recorded"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")


def plural(count: int, one: str, many: str) -> str:
    """`1 threat`, `12 threats`."""
    return f"{shown_number(count)} {one if count == 1 else many}"


def shown(value: object) -> str:
    """Any value as a person reads it."""
    match value:
        case None | "":
            return "Not recorded"
        case bool():
            return "Yes" if value else "No"
        case datetime():
            return shown_moment(value)
        case date():
            return _shown_date(value)
        case int() | float():
            return shown_number(value)
        case _:
            return str(value)


def machine_date(value: date | datetime) -> str:
    """For the `datetime` attribute of a time element."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value.isoformat()


def is_date(value: object) -> bool:
    """A day without an hour: short enough to stand in one line."""
    return isinstance(value, date) and not isinstance(value, datetime)


def url(name: str, *args: object, **kwargs: object) -> str:
    return reverse(name, args=args or None, kwargs=kwargs or None)


def environment(**options: Any) -> Environment:
    """What `settings.TEMPLATES` names: Django's own loader, then GOV.UK's macros under `govuk_frontend_jinja/`."""
    given = options.pop("loader")
    macros = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    options["undefined"] = CheckedUndefined
    made = Environment(loader=ChoiceLoader([given, macros]), **options)  # noqa: S701  Django passes autoescape=True
    made.globals.update({"url": url, "static": static})
    made.filters.update(
        {
            "date": shown_date,
            "date_time": shown_moment,
            "number": shown_number,
            "plural": plural,
            "shown": shown,
            "machine_date": machine_date,
            "is_date": is_date,
            "form_errors": errors_of,
            "form_field": field_shown,
        }
    )
    return made
