-- A stamp that changes whenever what people may see changes. Each backend writes a row of its own, so that changes in two
-- transactions never wait for one another; the sum of the rows changes with each commit. The steps are random so that a
-- sum that was rolled back does not come again.
create table visibility_stamp (slot integer primary key, version numeric not null);
revoke insert, update on visibility_stamp from fourfold_app;

create function visibility_stamp() returns text language sql stable
  set search_path = pg_catalog, public
  as $$ select coalesce(sum(version), 0)::text from public.visibility_stamp $$;

create function visibility_restamp() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.visibility_stamp as s (slot, version)
    values (pg_backend_pid() % 1024, 1 + floor(random() * 1e12))
    on conflict (slot) do update set version = s.version + excluded.version;
  return null;
end $$;

-- How much of a table each label covers, from the planner's own statistics, which PostgreSQL hides from readers under a
-- policy. It says how common labels are, which a reader of labels may know; it says nothing of any row.
create function visibility_spread(wanted regclass)
  returns table (total real, uncommon real, labels bigint[], shares real[])
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select c.reltuples,
         case when s.n_distinct < 0 then -s.n_distinct * c.reltuples else s.n_distinct end,
         s.most_common_vals::text::bigint[], s.most_common_freqs
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = 'label_id'
   where c.oid = wanted
$$;
