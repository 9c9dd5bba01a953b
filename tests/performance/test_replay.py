"""Figures as recorded on any moment, and what changed between two, against a plain replay that knows no SQL."""

from datetime import date, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fourfold.performance import comparing, selectors
from fourfold.performance.selectors import Asked
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from tests.performance.world import START, World

FORCES = ("cheshire", "gmp")
KINDS = (
    *("threat", "moderate", "moderate", "tier", "reclassify", "close"),
    *("disruption", "disruption", "recategorise", "withdraw"),
)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "threat",
                "moderate",
                "tier",
                "reclassify",
                "close",
                "disruption",
                "disruption",
                "recategorise",
                "withdraw",
            ]
        ),
        st.integers(0, 9),
        st.integers(1, 60),
    ),
    min_size=4,
    max_size=12,
)


def play(world, acts):
    """What of the acts can be done, one after another. Days pass between them."""
    threats, disruptions, closed, withdrawn = [world.threat("cheshire")], [], set(), set()
    for kind, chosen, days in acts:
        world.now += timedelta(days=days)
        open_threats = [threat for threat in threats if threat.pk not in closed]
        threat = open_threats[chosen % len(open_threats)] if open_threats else None
        standing = [e for e in disruptions if e.pk not in withdrawn and world.types.get(e.threat_id, "OCG") == "OCG"]
        match kind:
            case "threat":
                threats.append(world.threat(FORCES[chosen % 2]))
            case "moderate" if threat:
                world.moderate(threat, tier="12345"[chosen % 5], soc=chosen != 7)
            case "tier" if threat:
                world.tier(threat, "12345"[chosen % 5])
            case "reclassify" if threat:
                wanted = "OCG" if world.types.get(threat.pk, "OCG") != "OCG" else "VULNERABILITY"
                world.types[threat.pk] = wanted
                world.reclassify(threat, wanted)
            case "close" if threat and len(open_threats) > 1:
                world.close(threat)
                closed.add(threat.pk)
            case "disruption" if threat and world.types.get(threat.pk, "OCG") == "OCG":
                happened = min(world.now.date(), date(2022, 1, 1) + timedelta(days=(chosen * 41) % 360))
                p = ("PURSUE", "PREVENT")[chosen % 2]
                disruptions.append(world.disruption(threat, happened, primary_p=p))
            case "recategorise" if standing:
                each = standing[chosen % len(standing)]
                now = world.categories.get(each.pk, "MINOR")
                wanted = "NO_NOTICEABLE" if now == "MINOR" else "MINOR"
                world.categories[each.pk] = wanted
                world.recategorise(each, wanted)
            case "withdraw" if standing:
                each = standing[chosen % len(standing)]
                withdrawn.add(each.pk)
                world.withdraw(each)


def keys(of, asked):
    with asked.applied():
        return set(selectors.rows_of(of, asked).values_list("pk", flat=True))


def test_any_figure_of_any_day_is_what_a_plain_replay_says(as_simulation, universe):
    world = World(universe, remembers=True)

    @settings(max_examples=6, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    @given(acts=ACTS)
    def check(acts):
        begun = world.now
        play(world, acts)
        days = sorted({moment.date() for moment, *_ in world.log if moment >= begun} | {begun.date()})
        today = world.now.date() + timedelta(days=1)
        with clock.told(world.now + timedelta(days=1)), acting_as(universe.service("demo")):
            threats, disruptions = (selectors.measure(code) for code in ("THREATS", "DISRUPTIONS"))
            for day in days[:: max(1, len(days) // 6)]:
                close = clock.close_of(day)
                asked = Asked(today, day)
                counted = world.threats_at(close)
                assert keys(threats, asked) == set(counted)
                figures = selectors.figures_of(threats, asked)
                for body in FORCES:
                    assert figures[body].number == sum(said.body == body for said in counted.values())
                for literal in (False, True):
                    read = Asked(today, day, "literal" if literal else "")
                    assert keys(disruptions, read) == set(world.disruptions_at(close, literal=literal))
            check_difference(world, today, days, threats, world.threats_at)
            check_difference(world, today, days, disruptions, world.disruptions_at)

    check()
    assert world.log[0][0] >= START


def check_difference(world, today, days, of, at):
    """What came and went, applied to the rows of the earlier day, gives those of the later; every row says why."""
    earlier, later = days[0], days[-1]
    if earlier == later:
        return
    now = world.now + timedelta(days=1)
    found = comparing.compare(of, earlier=Asked(today, earlier), later=Asked(today, later), now=now)
    before, after = at(clock.close_of(earlier)), at(clock.close_of(later))
    came, went, changed = ({row.pk for row in rows} for rows in (found.came, found.went, found.changed))
    assert (set(before) | came) - went == set(after)
    assert came.isdisjoint(before)
    assert went <= set(before)
    looked_at = {pk for pk in set(before) & set(after) if differs(before[pk], after[pk])}
    assert changed == looked_at
    assert all(row.steps for row in found.all)


def differs(before, after):
    """Whether something that a figure may be split by is different; the assessment behind it is not one."""
    facts = [{k: v for k, v in said.facts.items() if k != "assessments"} for said in (before, after)]
    return facts[0] != facts[1] or before.body != after.body
