from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.search import pages, rules, selectors

NUMBER_DIGITS = 6


@require_GET
@needs_reason
def search(request: HttpRequest) -> HttpResponse:
    """One box. Every search that looks is noted with its reason, its words and what it found."""
    today = clock.today()
    query = rules.read(request.GET.get("q", ""), today=today)
    groups = () if query.refusal else selectors.find(query, today=today)
    if not query.refusal:
        audit.note(
            audit.Operation.SEARCH,
            object_type="search",
            reason=reason_of(request),
            query=query.text,
            results={group.key: group.total for group in groups},
        )
    typed_page = request.GET.get("page", "1")
    number = (
        int(typed_page) if typed_page.isascii() and typed_page.isdigit() and len(typed_page) <= NUMBER_DIGITS else 1
    )
    page = pages.search_page(query, groups, group=request.GET.get("group", ""), page=number)
    return render(request, "search/search.html", {"page": page})
