"""System checks: a navigation entry must lead somewhere, and the third-party styles must have been built."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.urls import NoReverseMatch, reverse

from fourfold.platform.ui.assets import is_built


@register(Tags.urls)
def navigation_leads_somewhere(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Each entry of `settings.NAVIGATION` names an address that exists."""
    found: list[CheckMessage] = []
    for entry in settings.NAVIGATION:
        try:
            reverse(entry.url_name)
        except NoReverseMatch:
            sentence = f"The navigation entry “{entry.text}” names the address {entry.url_name}, which does not exist."
            found.append(checks.Error(sentence, id="ui.E001"))
    return found


@register(Tags.staticfiles)
def assets_are_built(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """The styles and scripts of GOV.UK and MoJ are in place."""
    if is_built():
        return []
    return [checks.Warning("The styles of the pages are not built yet.", hint="Run: fourfold assets", id="ui.W001")]
