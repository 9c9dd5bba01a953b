-- The ledger is added to as oneself and read by whom it concerns: one's own entries, those of one's organisation, or all.
alter table audit_entry enable row level security;
alter table audit_entry force row level security;
create policy reads on audit_entry for select using (
  actor_id = (select nullif(current_setting('fourfold.actor', true), '')::bigint)
  or (select current_setting('fourfold.ledger', true) = 'region')
  or ((select current_setting('fourfold.ledger', true) = 'organisation')
      and organisation_id = (select nullif(current_setting('fourfold.organisation', true), '')::bigint)));
create policy adds on audit_entry for insert with check (
  actor_id is not distinct from nullif(current_setting('fourfold.actor', true), '')::bigint
  and organisation_id is not distinct from nullif(current_setting('fourfold.organisation', true), '')::bigint);
-- When, in which transaction and under which number is the database's to say: those columns cannot be written.
revoke insert, update on audit_entry, audit_block from fourfold_app;
grant insert (actor_id, organisation_id, role, session, address, operation, object_type, object_id, reason_code, reason_text,
  operation_reference, details, request) on audit_entry to fourfold_app;
grant insert (number, cluster, from_xid, to_xid, entries, previous, digest) on audit_block to fourfold_app;
