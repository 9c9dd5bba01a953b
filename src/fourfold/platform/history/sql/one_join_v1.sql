-- The trigger that keeps what was joins the rows of a statement once. Which rows changed their label is read off what was
-- kept; only rows that this request had changed already, of which nothing is kept again, are joined for it.
create or replace function history_write_v1(wanted text) returns void language plpgsql as $body$
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
      with kept as (
        insert into public.%2$I (%3$s, %5$s)
          select %4$s, n.recorded_from, n.recorded_by, n.recorded_in, o.label_id
            from old_rows o join new_rows n on n.id = o.id
           where n.recorded_from > o.recorded_from
          returning id, label_id, label_was)
      select array_agg(id) into moved from kept where label_id <> label_was;
      moved := coalesce(moved, '{}') || array(
        select n.id from old_rows o join new_rows n on n.id = o.id
         where o.recorded_from >= public.history_moment() and n.label_id <> o.label_id);
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
