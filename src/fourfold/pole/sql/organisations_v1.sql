-- Organisations are found as people are: each word of a name or trading name stands in the dictionary (part O) and in
-- the index of records behind the label, so that a misspelt name is found and no hidden row is touched.
-- The constraint is made again in the next statement, wider by one letter: what the last version writes it still takes.
-- squawk-ignore ban-drop-constraint
alter table pole_wordlabel drop constraint pole_wordlabel_part_check;
-- squawk-ignore constraint-missing-not-valid
alter table pole_wordlabel add constraint pole_wordlabel_part_check check (part in ('N', 'A', 'O'));

create function pole_organisation_tokens(name text, detail jsonb, label bigint) returns text[]
language sql immutable parallel safe
return string_to_array('O' || label::text || ' ' || replace(
  pole_upper(translate(name || ' ' || coalesce(detail ->> 'trading_names', ''), '[]"&', '    ')),
  ' ', e'\nO' || label::text || ' '), e'\n');
create function pole_company_key(number text) returns text language sql immutable parallel safe
return ltrim(replace(upper(number), ' ', ''), '0');

create function pole_note_organisations() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $note$
begin
  perform public.pole_keep_words(array(
    select distinct unnest(public.pole_organisation_tokens(c.value_raw, c.detail, c.label_id)) from came c
     where c.kind = 'ORGANISATION'));
  return null;
end $note$;
revoke execute on function pole_note_organisations() from public;

-- squawk-ignore require-concurrent-index-creation
create index object_record_organisation on pole_objectrecord
  using gin (pole_organisation_tokens(value_raw, detail, label_id)) where kind = 'ORGANISATION';
-- squawk-ignore require-concurrent-index-creation
create index object_record_company on pole_objectrecord (pole_company_key(detail ->> 'company_number'))
  where kind = 'ORGANISATION';
create trigger words_insert after insert on pole_objectrecord referencing new table as came
  for each statement execute function pole_note_organisations();
create trigger words_update after update on pole_objectrecord referencing new table as came
  for each statement execute function pole_note_organisations();

create function pole_find_organisations(wanted text, company text, at_most integer) returns setof bigint
language plpgsql stable security definer rows 300
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
as $find$
declare
  held constant bigint[] := string_to_array(nullif(current_setting('fourfold.reads', true), ''), ',')::bigint[];
  typed constant text[] := (string_to_array(wanted, ' '))[:8];
  plain constant text := regexp_replace(wanted, '\|[^ ]*', '', 'g');
  found bigint[] := '{}';
  condition text;
begin
  if held is null then
    return;
  end if;
  if company <> '' then
    return query select o.id from pole_objectrecord o
      where o.kind = 'ORGANISATION' and pole_company_key(o.detail ->> 'company_number') = pole_company_key(company)
        and o.label_id = any (held) order by o.id limit at_most;
  end if;
  for step in 0 .. case when cardinality(typed) > 2 then 3 else 2 end loop
    exit when cardinality(found) > 0 or cardinality(typed) = 0;
    condition := pole_tokens_condition('pole_organisation_tokens(value_raw, detail, label_id)', typed,
      array['O'], case step when 3 then 1 else step end, held, step = 3);
    continue when condition is null;
    execute format(
      'select array(select id from (select id, value_raw from pole_objectrecord where kind = ''ORGANISATION'' and (%s) '
      'limit 2000) r order by similarity(upper(value_raw), $1) desc, id limit $2)', condition)
      into found using plain, at_most;
  end loop;
  return query select unnest(found);
end $find$;

-- The owner, who migrates, is held by the policies as everybody is, and would see no row to take words from.
alter table pole_objectrecord no force row level security;
select pole_keep_words(array(
  select unnest(pole_organisation_tokens(value_raw, detail, label_id)) from pole_objectrecord
   where kind = 'ORGANISATION'));
alter table pole_objectrecord force row level security;
