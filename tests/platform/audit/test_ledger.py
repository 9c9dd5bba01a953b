"""The ledger: who may read which part, what seals it, and every way of tampering found."""

import threading

import pytest
from django.db import connection

from fourfold.platform import clock
from fourfold.platform.audit import selectors, services
from fourfold.platform.audit.models import Block, Check, Entry
from fourfold.platform.audit.services import Operation, Reason
from fourfold.platform.visibility.scope import acting_as
from tests import database
from tests.platform.sample import Case, region_label

WHY = Reason("SOC_THREAT", "reviewing SOC-0412", "Op Kestrel")


def look(user, what: str = "1", **given) -> None:
    with acting_as(user, **given):
        services.note(Operation.CONSULTATION, object_type="pole.person", object_id=what, reason=WHY, results=1)


def seal(universe, *, at_once: bool = False) -> tuple[Block, ...]:
    if not at_once:
        database.let_others_finish()
    with acting_as(universe.service("audit")):
        return services.seal()


def verify(universe, expect: str = "") -> services.Verdict:
    with acting_as(universe.service("audit")):
        return services.verify(expect=expect)


def seen_by(user) -> list[str]:
    with acting_as(user):
        return sorted(Entry.objects.values_list("actor__name", flat=True))


@pytest.mark.django_db
def test_an_entry_says_who_in_which_roles_where_what_and_why(universe):
    user = universe.merseyside_analyst
    with acting_as(user, request_id="r1", session="s1", address="192.0.2.7"):
        case = Case.objects.create(label=region_label("merseyside"), title="Blue van")
        services.note(Operation.COLLECTION, case, reason=WHY, source="typed", on=clock.today())
        entry = Entry.objects.get()
    assert (entry.actor, entry.organisation, entry.role) == (user, user.organisation, "analyst")
    assert (entry.session, entry.address, entry.request) == ("s1", "192.0.2.7", "r1")
    assert (entry.operation, entry.object_type, entry.object_id) == ("COLLECTION", "sample.case", str(case.pk))
    assert (entry.reason_code, entry.reason_text, entry.operation_reference) == tuple(WHY.__dict__.values())
    assert entry.details == {"source": "typed", "on": clock.today().isoformat()}


@pytest.mark.django_db
def test_nothing_is_noted_without_an_actor_but_signing_in_and_out(universe):
    with pytest.raises(RuntimeError, match="actor"):
        services.note(Operation.CONSULTATION, object_type="pole.person", object_id="1")
    services.note(Operation.SIGN_IN, succeeded=False, address="192.0.2.7")
    with acting_as(universe.service("audit")):
        assert Entry.objects.get().address == "192.0.2.7"


@pytest.mark.django_db
def test_each_reader_sees_their_part_of_the_ledger(universe):
    for user in (universe.merseyside_analyst, universe.merseyside_lro, universe.gmp_analyst):
        look(user)
    assert seen_by(universe.merseyside_analyst) == ["Merseyside analyst"]
    assert seen_by(universe.merseyside_data_protection_officer) == ["Merseyside analyst", "Merseyside lro"]
    assert len(seen_by(universe.nwrocu_auditor)) == 3
    assert seen_by(universe.gmp_lro) == []
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_when_someone_last_looked_is_in_an_earlier_session(universe):
    user = universe.merseyside_analyst
    with acting_as(user, session="one"):
        case = Case.objects.create(label=region_label("merseyside"), title="Blue van")
        services.note(Operation.CONSULTATION, case, reason=WHY)
        assert selectors.last_looked(user) is None
        assert selectors.last_consulted(user, case) is None
    with acting_as(user, session="two"):
        services.note(Operation.SEARCH, object_type="pole.person")
        (first, second) = Entry.objects.order_by("id")
        assert selectors.last_looked(user) == selectors.last_consulted(user, case) == first.at
    with acting_as(user, session="three"):
        assert selectors.last_looked(user) == second.at


def test_sealing_covers_everything_that_is_finished_once(lasting_db, universe):
    look(universe.merseyside_analyst)
    look(universe.gmp_analyst)
    (block,) = seal(universe)
    assert (block.number, block.entries, block.previous) == (1, 2, services.GENESIS)
    assert seal(universe) == ()
    look(universe.gmp_analyst)
    (second,) = seal(universe)
    assert (second.number, second.entries, second.previous) == (2, 1, block.digest)
    verdict = verify(universe, expect=block.digest)
    assert (verdict.is_sound, verdict.blocks, verdict.entries, verdict.unsealed) == (True, 2, 3, 0)
    assert verdict.head == second.digest


def test_an_entry_that_is_committed_after_later_ones_is_sealed_later_and_not_lost(lasting_db, universe):
    """The first transaction starts first and ends last: nothing from its start on may be sealed before it ends."""
    noted, finish = threading.Event(), threading.Event()

    def slow() -> None:
        with acting_as(universe.merseyside_analyst):
            services.note(Operation.SEARCH, object_type="pole.person")
            noted.set()
            finish.wait(10)
        connection.close()

    universe.merseyside_analyst, universe.gmp_analyst  # noqa: B018  read before the threads part
    thread = threading.Thread(target=slow)
    thread.start()
    noted.wait(10)
    look(universe.gmp_analyst)
    assert seal(universe, at_once=True) == ()
    finish.set()
    thread.join()
    (block,) = seal(universe)
    assert (block.entries, verify(universe).is_sound) == (2, True)


TAMPERING = {
    "a changed word": "update audit_entry set reason_text = 'nothing to see' where object_id = '2'",
    "a changed time": "update audit_entry set at = at - interval '1 day' where object_id = '2'",
    "another actor": "update audit_entry set actor_id = null where object_id = '2'",
    "a removed entry": "delete from audit_entry where object_id = '2'",
    "an entry put in": "insert into audit_entry (at, xid, cluster, role, session, address, operation, object_type, "
    "object_id, reason_code, reason_text, operation_reference, details, request) "
    "select at, xid, cluster, role, session, address, operation, object_type, '9', reason_code, reason_text, "
    "operation_reference, details, request from audit_entry where object_id = '2'",
    "two entries swapped": "update audit_entry set object_id = case object_id when '2' then '3' else '2' end "
    "where object_id in ('2', '3')",
    "an entry moved to another block": "update audit_entry set xid = (select max(xid) from audit_entry) "
    "where object_id = '2'",
    "a removed block": "delete from audit_block where number = 2",
    "a changed block": "update audit_block set digest = repeat('a', 64) where number = 2",
    "a block that covers less": "update audit_block set to_xid = to_xid - 1 where number = 2",
    "a block that says fewer": "update audit_block set entries = entries - 1 where number = 2",
}


@pytest.fixture
def sealed(lasting_db, universe) -> list[Block]:
    """Three blocks of two entries."""
    blocks: list[Block] = []
    for n in range(3):
        look(universe.merseyside_analyst, str(2 * n + 1))
        look(universe.gmp_analyst, str(2 * n + 2))
        blocks += seal(universe)
    return blocks


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING.keys())
def test_tampering_shows(sealed, universe, statement):
    assert verify(universe).is_sound
    with database.superuser() as admin:
        assert admin.execute(statement).rowcount >= 1
    assert not verify(universe).is_sound


def test_cutting_off_the_end_shows_against_a_digest_that_was_written_down(sealed, universe):
    with database.superuser() as admin:
        admin.execute("delete from audit_entry where object_id in ('5', '6')")
        admin.execute("delete from audit_block where number = 3")
    assert verify(universe).is_sound
    faults = verify(universe, expect=sealed[-1].digest).faults
    assert [f for f in faults if "cut off or rewritten" in f]
    assert verify(universe, expect=sealed[1].digest).is_sound


CLUSTER = "create or replace function audit_cluster() returns bigint language sql stable as $$ select {} $$"
HERE = "system_identifier from pg_control_system()"


def test_a_ledger_restored_into_another_cluster_goes_on(lasting_db, universe):
    """There transactions are numbered from the start again: what was not sealed yet is sealed first, then the new."""
    with database.owner() as owner:
        owner.execute(CLUSTER.format("5::bigint"))
        look(universe.merseyside_analyst, "1")
        seal(universe)
        look(universe.merseyside_analyst, "2")
        owner.execute(CLUSTER.format(HERE))
    with database.superuser() as admin:
        admin.execute("update audit_entry set xid = xid + 1000000 where object_id = '2'")
    look(universe.merseyside_analyst, "3")
    made = seal(universe)
    assert [(b.entries, b.cluster == 5) for b in made] == [(1, True), (1, False)]
    verdict = verify(universe)
    assert (verdict.is_sound, verdict.entries, verdict.unsealed) == (True, 3, 0)
    with database.superuser() as admin:
        admin.execute("update audit_entry set cluster = 5 where object_id = '3'")
    assert not verify(universe).is_sound


def test_what_a_check_found_is_kept(sealed, universe):
    with acting_as(universe.service("audit")):
        services.check()
    with database.superuser() as admin:
        admin.execute("update audit_entry set reason_text = 'other' where object_id = '2'")
    with acting_as(universe.service("audit")):
        services.check()
        latest = selectors.last_check()
    assert [len(c.faults) for c in Check.objects.order_by("pk")] == [0, 1]
    assert "Block 1 is not as it was sealed" in latest.faults[0]
