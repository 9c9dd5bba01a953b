-- A version of a plan says for ever what it said; only its label may follow the plan's.
create function plans_version_stays_v1() returns trigger language plpgsql as $stays$
begin
  if (new.plan_id, new.number, new.kind, new.content, new.digest, new.why, new.made_by_id, new.made_on, new.score, new.failed)
     is distinct from
     (old.plan_id, old.number, old.kind, old.content, old.digest, old.why, old.made_by_id, old.made_on, old.score, old.failed)
  then
    raise exception 'a version of a plan is never changed' using errcode = '55000';
  end if;
  return new;
end $stays$;
create trigger version_stays before update on plans_planversion for each row execute function plans_version_stays_v1();
