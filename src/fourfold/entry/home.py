"""My work: the first page after sign-in. What is due, what changed since I last looked, what is waiting for me."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from fourfold.disruptions import rules as disruption_rules
from fourfold.intake import selectors as intake
from fourfold.intake.rules import Freshness, RowState, State
from fourfold.plans import selectors as plans
from fourfold.platform import clock
from fourfold.platform.audit import selectors as ledger
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.reference import selectors as reference
from fourfold.platform.ui import my_work
from fourfold.platform.ui.components import Action, ActionKind, Cell, Empty, Figure, Head, Link, Moment, Table, Tag
from fourfold.platform.ui.jinja import plural, shown_moment
from fourfold.platform.ui.my_work import Due, News
from fourfold.platform.ui.pages import Page
from fourfold.threats import pages as threat_pages
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors as threats
from fourfold.threats.models import Threat

app_name = "home"
LEADS = "lro"
SHOWN = 10
OVERDUE, DUE, CHANGED = "overdue", "due", "changed"
FIRST_THING = "Begin with the ledger: who looked at what, and why."
FIRST_LOOK_BACK = timedelta(days=7)
FRESHNESS = {
    Freshness.FRESH: Tag("Up to date", "green"),
    Freshness.LATE: Tag("Late", "red"),
    Freshness.NEVER: Tag("Waiting", "grey"),
    Freshness.COMPLETE: Tag("Complete", "blue"),
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One table of my work: `empty` says what will be here, `name` is what the totals lead to."""

    table: Table
    empty: Empty
    name: str = ""
    more: tuple[Link, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WorkPage(Page):
    lead: str
    totals: tuple[Link, ...]
    figures: tuple[Figure, ...]
    actions: tuple[Action, ...]
    parts: tuple[Part, ...]
    changed_heading: str
    changed: tuple[Moment, ...]
    changed_before: tuple[Moment, ...]
    changed_empty: str


@login_required
@require_GET
def work(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    now, today = clock.now(), clock.today()
    words = threats.vocabulary()
    mine = tuple(threats.threats_led_by(user.pk))
    rooms = my_work.work_of(user, today=today)
    due = tuple(sorted(rooms.due, key=lambda each: (each.on, each.text)))
    looked = ledger.last_looked(user) or now - FIRST_LOOK_BACK
    changed = threats.threats_changed_since(looked, among=_mine_or_ours(user))
    waiting = (*waiting_for(user, words), *rooms.waiting)
    moments = tuple(_moment(each) for each in changed)
    reads_threats = may(user, threat_rules.READ)
    page = WorkPage(
        title=f"{greeting(now)}, {role_in_words(user)}",
        lead=f"You last looked on {shown_moment(looked)}." if reads_threats else FIRST_THING,
        totals=_totals(due, len(changed), today=today) if reads_threats else (),
        figures=waiting,
        actions=_actions(user),
        parts=(*_news_parts(rooms.news), *_parts(user, mine, due, words, now=now, today=today)),
        changed_heading="Changed since you last looked" if reads_threats else "",
        changed=moments[:SHOWN],
        changed_before=moments[SHOWN:],
        changed_empty=f"Nothing has changed on your threats or your organisation's since {shown_moment(looked)}.",
    )
    return render(request, "entry/home.html", {"page": page})


urlpatterns = [path("", work, name="work")]


def greeting(now: datetime) -> str:
    hour = now.astimezone(clock.LONDON).hour
    if hour < 12:
        return "Good morning"
    return "Good afternoon" if hour < 18 else "Good evening"


def role_in_words(user: User) -> str:
    names = {term.code: term.name for term in reference.terms("role")}
    held = sorted(_within_a_sentence(names.get(code, code)) for code in user.roles)
    return " and ".join(held) if held else user.name


def _within_a_sentence(name: str) -> str:
    """Without its capital, unless it begins with initials: force analyst, ROCTA moderator."""
    return name if name[1:2].isupper() else f"{name[:1].lower()}{name[1:]}"


def waiting_for(user: User, words: threat_rules.Vocabulary) -> tuple[Figure, ...]:
    """Numbers of things that wait for this person, each with the rows behind it. Nothing that is not theirs to do."""
    found: list[Figure] = []
    threat_list = reverse("threats:list")
    if may(user, threat_rules.MANAGE):
        ours = Threat.objects.filter(owner=user.organisation)
        own = f"force={user.organisation.code}&state=open"
        found += [
            Figure.of(
                ours.filter(threats.needs_lro(words)).count(),
                "threat of your organisation without a lead responsible officer",
                "threats of your organisation without a lead responsible officer",
                f"{threat_list}?{own}&needs=lro",
            ),
            Figure.of(
                ours.filter(threats.has_no_members()).count(),
                "group or individual of your organisation without members",
                "groups and individuals of your organisation without members",
                f"{threat_list}?{own}&needs=members",
            ),
        ]
    if may(user, "intake.manage"):
        found.append(
            Figure.of(
                intake.not_loaded().filter(state=RowState.OPEN).count(),
                "row that was not loaded and that nobody has decided about",
                "rows that were not loaded and that nobody has decided about",
                reverse("intake:sources"),
            )
        )
    return tuple(found)


def _totals(due: tuple[Due, ...], changed: int, *, today: date) -> tuple[Link, ...]:
    """The numbers that are not nought, each leading to its rows on this page."""
    overdue = sum(each.on < today for each in due)
    coming = len(due) - overdue
    found = (
        (overdue, f"{plural(overdue, 'thing', 'things')} overdue", OVERDUE),
        (coming, f"{plural(coming, 'thing', 'things')} due in four weeks", DUE),
        (changed, f"{plural(changed, 'threat', 'threats')} changed since you last looked", CHANGED),
    )
    return tuple(Link(text, f"#{name}") for number, text, name in found if number)


def _moment(changed: threats.Changed) -> Moment:
    return Moment(
        f"{changed.threat.reference} {changed.threat.name}",
        changed.at,
        text=changed.because,
        href=threat_pages.address(changed.threat, "history"),
    )


def _mine_or_ours(user: User) -> QuerySet[Threat]:
    if not may(user, threat_rules.READ):
        return Threat.objects.none()
    led = threats.threats_led_by(user.pk).order_by().values("pk")
    return Threat.objects.filter(owner=user.organisation) | Threat.objects.filter(pk__in=led)


def _actions(user: User) -> tuple[Action, ...]:
    if not may(user, threat_rules.READ):
        return (Action("Who looked", reverse("audit:who_looked"), kind="primary"),)
    found = [Action("All threats", reverse("threats:list"))]
    records = disruption_rules.may_record(user)
    if threat_rules.may_nominate(user, owner=user.organisation.code):
        kind: ActionKind = "secondary" if records else "primary"
        found.insert(0, Action("Nominate a threat", reverse("threats:nominate"), kind=kind))
    if records:
        found.insert(0, Action("Record a disruption", reverse("disruptions:record"), kind="primary"))
    return tuple(found)


def _parts(
    user: User,
    mine: tuple[Threat, ...],
    due: tuple[Due, ...],
    words: threat_rules.Vocabulary,
    *,
    now: datetime,
    today: date,
) -> tuple[Part, ...]:
    parts: list[Part] = []
    if mine or due or LEADS in user.roles:
        parts += _due_parts(due, today=today)
    if mine or LEADS in user.roles:
        parts.append(_mine_part(user, mine, words))
    if may(user, threat_rules.READ):
        parts.append(_ours_part(user, words))
    if may(user, "intake.read"):
        parts.append(_freshness_part(now=now))
    return tuple(parts)


def _news_parts(news: tuple[News, ...]) -> tuple[Part, ...]:
    """What became of what I did, where there is any."""
    if not news:
        return ()
    rows = tuple((Cell(each.on), Cell(each.text, href=each.href, hint=each.hint)) for each in news)
    table = Table("What became of what you recorded", (Head("Recorded"), Head("What")), rows)
    return (Part(table=table, empty=Empty("Nothing new", "What your records counted towards will be here.")),)


def _due_parts(due: tuple[Due, ...], *, today: date) -> tuple[Part, ...]:
    """All that is overdue, where anything is, then all that is due: as many rows as the totals say."""
    overdue = tuple(each for each in due if each.on < today)
    coming = tuple(each for each in due if each.on >= today)
    parts = [_due_part("Overdue", OVERDUE, overdue, Tag("Overdue", "red"))] if overdue else []
    if coming or not overdue:
        parts.append(_due_part("Due in four weeks", DUE, coming, Tag("Due", "blue")))
    return tuple(parts)


def _due_part(caption: str, name: str, due: tuple[Due, ...], state: Tag) -> Part:
    return Part(
        name=name,
        table=Table(
            caption,
            (Head("By"), Head("What"), Head("State")),
            tuple(
                (
                    Cell(each.on),
                    Cell(each.text, href=each.href, hint=each.hint),
                    Cell("", tag=state),
                )
                for each in due
            ),
        ),
        empty=Empty(
            "Nothing is due",
            "Reviews, actions and answers that wait for you will be here four weeks before the day they are due.",
        ),
    )


def _mine_part(user: User, mine: tuple[Threat, ...], words: threat_rules.Vocabulary) -> Part:
    return Part(
        table=_threat_table("Your threats", mine[:SHOWN], words, reader=user),
        empty=Empty(
            "You lead no threats yet",
            "Threats that you lead, deputise for or investigate as the senior officer will be here.",
        ),
        more=_all_of_mine(user, mine) if len(mine) > SHOWN else (),
    )


def _all_of_mine(user: User, mine: tuple[Threat, ...]) -> tuple[Link, ...]:
    """The whole lists, one for each part that the person has in a threat."""
    found: list[Link] = []
    for part, verb in (("lro", "lead"), ("deputy", "deputise for"), ("sio", "investigate")):
        if number := sum(getattr(threat, f"{part}_id") == user.pk for threat in mine):
            text = f"All {plural(number, 'open threat', 'open threats')} that you {verb}"
            found.append(Link(text, f"{reverse('threats:list')}?{part}={user.pk}&state=open"))
    return tuple(found)


def _ours_part(user: User, words: threat_rules.Vocabulary) -> Part:
    ours = threats.threats().filter(owner=user.organisation, closed_on=None).order_by("tier", "reference")
    address = f"{reverse('threats:list')}?force={user.organisation.code}&state=open"
    name = user.organisation.name
    return Part(
        table=_threat_table(f"Open threats of {name}", tuple(ours[:SHOWN]), words, reader=user),
        empty=Empty(f"No open threats of {name}", "Threats that your organisation owns will be here, by tier."),
        more=(Link(f"All {plural(ours.count(), 'open threat', 'open threats')} of {name}", address),),
    )


def _threat_table(caption: str, shown: tuple[Threat, ...], words: threat_rules.Vocabulary, *, reader: User) -> Table:
    counts = threats.headcounts(threat.pk for threat in shown)
    scores = plans.health_of(threat.pk for threat in shown)
    opens = may(reader, threat_pages.READS_PEOPLE)
    return Table(
        caption,
        (Head("Threat"), Head("Kind"), Head("Tier"), Head("Phase"), Head("Plan"), Head("Members", numeric=True)),
        tuple(
            (
                Cell(threat.name, href=threat_pages.address(threat), hint=threat.reference),
                Cell(threat_rules.type_name(threat.threat_type)),
                Cell("", tag=threat_pages.tier_tag(threat.tier, words)),
                Cell(words.phase_name(threat.phase)),
                _plan_cell(threat, scores.get(threat.pk)),
                Cell(
                    counts.get(threat.pk, threats.Headcount()).members,
                    href=threat_pages.address(threat, "members") if opens else "",
                    numeric=True,
                ),
            )
            for threat in shown
        ),
    )


def _plan_cell(threat: Threat, score: int | None) -> Cell:
    """How good the threat's plan is; the number leads to it."""
    where = reverse("plans:threat", kwargs={"reference": threat.reference})
    return Cell("No plan", href=where) if score is None else Cell(f"{score} of 100", href=where)


def _freshness_part(*, now: datetime) -> Part:
    lines = intake.source_lines(intake.sources(), now=now)
    return Part(
        table=Table(
            "How fresh the data are",
            (Head("Source"), Head("Last delivery"), Head("State")),
            tuple(
                (
                    Cell(line.source.name, href=reverse("intake:source", args=[line.source.code])),
                    Cell(line.accepted_at or "Nothing yet", hint=_refused_since(line)),
                    Cell("", tag=FRESHNESS[line.freshness]),
                )
                for line in lines
            ),
        ),
        empty=Empty("No sources yet", "Each system that sends extracts will be here with its last delivery."),
    )


def _refused_since(line: intake.SourceLine) -> str:
    """A delivery that was refused brought nothing; it is said beside the last one that did."""
    if line.last is None or line.last.state != State.REFUSED:
        return ""
    return f"A delivery was refused on {shown_moment(line.last.received_at)}"
