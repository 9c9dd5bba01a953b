-- When it is, as history understands it: the start of the transaction. Only a connection that logged in as the simulation's
-- role may say otherwise; a role that was switched to is not enough.
create function history_moment() returns timestamptz language sql stable parallel safe as $$
  select case when session_user = 'fourfold_simulation'
    then coalesce(nullif(pg_catalog.current_setting('fourfold.simulated_now', true), '')::timestamptz, pg_catalog.now())
    else pg_catalog.now() end
$$;
create function history_actor() returns bigint language sql stable parallel safe as $$
  select nullif(pg_catalog.current_setting('fourfold.actor', true), '')::bigint
$$;
create function history_request() returns text language sql stable parallel safe as $$
  select nullif(pg_catalog.current_setting('fourfold.request', true), '')
$$;
-- The moment that a reader looks back to. Unset: null, and the rewound views are empty.
create function history_as_on() returns timestamptz language sql stable parallel safe as $$
  select nullif(pg_catalog.current_setting('fourfold.as_recorded_on', true), '')::timestamptz
$$;

-- Before each changed row: says when and by whom, whatever the statement said. Two changes in one request are one version.
-- A transaction that began before the last version was recorded, and waited for it, counts on from that version.
-- No search path of its own, which would cost more than all the rest: every name in it is qualified.
create function history_stamp() returns trigger language plpgsql as $$
declare
  moment constant timestamptz := public.history_moment();
begin
  if old.recorded_from < moment then
    new.recorded_from := moment;
  elsif old.recorded_in = public.history_request() then
    new.recorded_from := old.recorded_from;
  else
    new.recorded_from := old.recorded_from + interval '1 microsecond';
  end if;
  new.recorded_by := public.history_actor();
  new.recorded_in := public.history_request();
  return new;
end $$;

-- After an insert: the stamps are the database's own.
create function history_check() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  moment constant timestamptz := public.history_moment();
  actor constant bigint := public.history_actor();
  request constant text := public.history_request();
begin
  if exists (select from new_rows where recorded_from <> moment
             or recorded_by is distinct from actor or recorded_in is distinct from request) then
    raise exception 'The database alone says when a row of % was recorded and by whom', tg_table_name
      using errcode = 'check_violation', constraint = 'history_stamps';
  end if;
  return null;
end $$;

create function history_columns(wanted regclass, prefix text) returns text language sql stable parallel safe as $$
  select string_agg(prefix || quote_ident(attname), ', ' order by attnum)
    from pg_attribute where attrelid = wanted and attnum > 0 and not attisdropped
$$;

-- Whether a row is different: column by column, plain numbers first, so that most answers come from the first few. Types whose
-- equality overlooks a difference (numeric 1.0 and 1.00) are compared as text. Generated columns follow the others.
create function history_differs(wanted regclass) returns text language sql stable as $$
  select string_agg(
           case when atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'bool'::regtype, 'date'::regtype,
                                  'timestamptz'::regtype, 'uuid'::regtype, 'text'::regtype, 'varchar'::regtype)
                then format('old.%1$I is distinct from new.%1$I', attname)
                else format('old.%1$I::text is distinct from new.%1$I::text', attname) end,
           ' or ' order by attlen < 0, attnum)
    from pg_attribute where attrelid = wanted and attnum > 0 and not attisdropped and attgenerated = ''
$$;

-- The triggers' function and the view of one table, made from the columns that it has now.
create function history_write_v1(wanted text) returns void language plpgsql as $body$
declare
  now_table constant regclass := format('public.%I', wanted)::regclass;
  columns constant text := history_columns(now_table, '');
  was text := wanted || '_was';
  old_columns text;
  fills constant text := 'recorded_to, ended_by, ended_in, label_was';
begin
  select string_agg(case attname when 'label_id' then 'n.label_id' else 'o.' || quote_ident(attname) end, ', ' order by attnum)
    into old_columns from pg_attribute where attrelid = now_table and attnum > 0 and not attisdropped;
  -- A plan made for one changed row is kept for the session and would join 100,000 of them row by row: no nested loops.
  execute format($f$
    create or replace function public.%1$I() returns trigger language plpgsql security definer
      set search_path = pg_catalog, pg_temp set enable_nestloop = off as $keeps$
    declare
      moved bigint[];
    begin
      insert into public.%2$I (%3$s, %5$s)
        select %4$s, n.recorded_from, n.recorded_by, n.recorded_in, o.label_id
          from old_rows o join new_rows n on n.id = o.id
         where n.recorded_from > o.recorded_from;
      moved := array(select n.id from old_rows o join new_rows n on n.id = o.id where n.label_id <> o.label_id);
      if moved <> '{}' then
        update public.%2$I w set label_id = n.label_id from new_rows n where w.id = n.id and w.id = any(moved);
      end if;
      return null;
    end $keeps$ $f$, wanted || '_keeps', was, columns, old_columns, fills);
  execute format($f$
    create or replace function public.%1$I() returns trigger language plpgsql security definer
      set search_path = pg_catalog, pg_temp as $ends$
    begin
      insert into public.%2$I (%3$s, %5$s)
        select %4$s, greatest(public.history_moment(), o.recorded_from + interval '1 microsecond'),
               public.history_actor(), public.history_request(), o.label_id
          from old_rows o
         where o.recorded_in is distinct from public.history_request() or o.recorded_from < public.history_moment();
      return null;
    end $ends$ $f$, wanted || '_ends', was, columns, history_columns(now_table, 'o.'), fills);
  -- Whoever may execute a trigger's function could put it on a table of their own and feed it a past that never was.
  execute format('revoke execute on function public.%I(), public.%I() from public', wanted || '_keeps', wanted || '_ends');
  execute format('create or replace trigger history_stamp before update on public.%I for each row when (%s) '
                 'execute function public.history_stamp()', wanted, history_differs(now_table));
  execute format('drop view if exists rewound.%I', wanted);
  execute format($f$
    create view rewound.%1$I with (security_invoker = true) as
      select %3$s from public.%1$I where recorded_from <= (select public.history_as_on())
      union all
      select %3$s from public.%2$I
       where recorded_from <= (select public.history_as_on()) and recorded_to > (select public.history_as_on())
    $f$, wanted, was, columns);
  execute format('grant select on rewound.%I to fourfold_app', wanted);
end $body$;

create function history_keep_v1(wanted text) returns void language plpgsql as $body$
declare
  now_table constant regclass := format('public.%I', wanted)::regclass;
  was constant text := wanted || '_was';
  reads text;
  found record;
begin
  select qual into reads from pg_policies where schemaname = 'public' and tablename = wanted and cmd = 'SELECT';
  if reads is null then
    raise exception 'Put % under the policy before keeping its history', wanted;
  end if;
  execute format('create table public.%I (like public.%I)', was, wanted);
  for found in select attname from pg_attribute
                where attrelid = format('public.%I', was)::regclass and attnum > 0 and attnotnull loop
    execute format('alter table public.%I alter column %I drop not null', was, found.attname);
  end loop;
  execute format('alter table public.%I add column recorded_to timestamptz not null, add column ended_by bigint, '
                 'add column ended_in text, add column label_was bigint not null', was);
  execute format('create unique index on public.%I (id, recorded_from)', was);
  for found in select i.indexrelid,
                      (select string_agg(pg_get_indexdef(i.indexrelid, k, true), ', ' order by k)
                         from generate_series(1, i.indnkeyatts) k) as keys
                 from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
                where i.indrelid = now_table and m.amname = 'btree' and not i.indisprimary and i.indpred is null loop
    execute format('create index on public.%I (%s)', was, found.keys);
  end loop;
  execute format('alter table public.%I enable row level security', was);
  execute format('alter table public.%I force row level security', was);
  execute format('create policy reads on public.%I for select using (%s)', was, reads);
  execute format('create policy sees on public.%I for select to %I using (true)', was, current_user);
  execute format('create policy keeps on public.%I for insert to %I with check (true)', was, current_user);
  execute format('create policy moves on public.%I for update to %I using (true) with check (true)', was, current_user);
  execute format('revoke insert, update on public.%I from fourfold_app', was);
  execute format('grant select on public.%I to fourfold_app', was);
  perform history_write_v1(wanted);
  execute format('create trigger history_check after insert on public.%I referencing new table as new_rows '
                 'for each statement execute function public.history_check()', wanted);
  execute format('create trigger history_keep after update on public.%I referencing old table as old_rows '
                 'new table as new_rows for each statement execute function public.%I()', wanted, wanted || '_keeps');
  execute format('create trigger history_end after delete on public.%I referencing old table as old_rows '
                 'for each statement execute function public.%I()', wanted, wanted || '_ends');
end $body$;

create function history_forget_v1(wanted text) returns void language plpgsql as $body$
begin
  execute format('drop view rewound.%I', wanted);
  execute format('drop trigger history_stamp on public.%I', wanted);
  execute format('drop trigger history_check on public.%I', wanted);
  execute format('drop trigger history_keep on public.%I', wanted);
  execute format('drop trigger history_end on public.%I', wanted);
  execute format('drop function public.%I(), public.%I()', wanted || '_keeps', wanted || '_ends');
  execute format('drop table public.%I', wanted || '_was');
end $body$;

-- A column may not change while the view shows it and the trigger compares it.
create function history_pause_v1(wanted text) returns void language plpgsql as $body$
begin
  execute format('drop view if exists rewound.%I', wanted);
  execute format('drop trigger if exists history_stamp on public.%I', wanted);
end $body$;

-- After a table's columns changed: the twin follows. What was keeps columns that are gone; new ones are null in it.
create function history_refresh_v1(wanted text, renamed jsonb) returns void language plpgsql as $body$
declare
  was constant text := wanted || '_was';
  found record;
begin
  execute format('drop view if exists rewound.%I', wanted);
  for found in select key, value from jsonb_each_text(renamed) loop
    execute format('alter table public.%I rename column %I to %I', was, found.key, found.value);
  end loop;
  for found in
    select n.attname, format_type(n.atttypid, n.atttypmod) as wanted_type, format_type(w.atttypid, w.atttypmod) as has_type
      from pg_attribute n
      left join pg_attribute w on w.attrelid = format('public.%I', was)::regclass and w.attname = n.attname
       and not w.attisdropped
     where n.attrelid = format('public.%I', wanted)::regclass and n.attnum > 0 and not n.attisdropped
  loop
    if found.has_type is null then
      execute format('alter table public.%I add column %I %s', was, found.attname, found.wanted_type);
    elsif found.has_type <> found.wanted_type then
      execute format('alter table public.%I alter column %I type %s using %I::%s',
                     was, found.attname, found.wanted_type, found.attname, found.wanted_type);
    end if;
  end loop;
  perform history_write_v1(wanted);
end $body$;

revoke execute on function history_write_v1(text), history_keep_v1(text), history_forget_v1(text), history_pause_v1(text),
  history_refresh_v1(text, jsonb), history_stamp(), history_check() from public;
