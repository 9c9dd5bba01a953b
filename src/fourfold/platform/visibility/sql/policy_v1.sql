-- One comparison, worked out once for each statement, the same for every table: the row's label is among the labels held.
-- `in (select unnest(...))` becomes a hashed set, so it costs the same whether 3 or 3,000 labels are held.
-- No actor: the setting is empty, the set is empty, no rows. Nothing is deleted: there is no policy for delete.
alter table {table} enable row level security;
alter table {table} force row level security;
create policy reads on {table} for select using (
  label_id in (select unnest(string_to_array(nullif(current_setting('fourfold.reads', true), ''), ',')::bigint[])));
create policy adds on {table} for insert with check (
  label_id in (select unnest(string_to_array(nullif(current_setting('fourfold.writes', true), ''), ',')::bigint[])));
create policy changes on {table} for update using (
  label_id in (select unnest(string_to_array(nullif(current_setting('fourfold.writes', true), ''), ',')::bigint[])))
  with check (
  label_id in (select unnest(string_to_array(nullif(current_setting('fourfold.writes', true), ''), ',')::bigint[])));
