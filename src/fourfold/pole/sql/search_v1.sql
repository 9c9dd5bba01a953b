-- Candidate ids for the query around them to read under the policy. The indexes that a search needs are out of reach
-- under row-level security (their operators are not leakproof), so these functions run as a role that reads past the
-- policies. They look under the reader's labels only: hidden rows neither come out, nor crowd visible ones out of a
-- limit, nor lend a word that visible rows do not hold.

-- The tokens of a typed word under the labels held. `typed` is the word and, behind bars, other forms of it. Nearness
-- 0: the word itself. 1: other forms, a beginning, one slip, or the same sound in nearly the same spelling. 2: also
-- what only sounds the same, or is spelt somewhat alike. The nearest words are taken.
create function pole_near_tokens(typed text, parts text[], nearness integer, held bigint[]) returns text[]
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $near$
declare
  forms constant text[] := string_to_array(typed, '|');
  main constant text := forms[1];
  is_number constant boolean := main ~ '[0-9]';
begin
  if nearness = 0 or is_number then
    return array(select k.part || k.label || ' ' || k.word from pole_wordlabel k
                  where k.word = main and k.part = any (parts) and k.label = any (held));
  end if;
  return array(
    with near as (
      select form as word, 1.0 - 0.01 * place as closeness from unnest(forms) with ordinality f (form, place)
      union all
      (select w.word, 0.9 - 0.01 * (length(w.word) - length(main)) from pole_word w
        where length(main) >= 3 and w.word > main and w.word < main || '~' order by length(w.word), w.word limit 200)
      union all
      select w.word, 0.6 + 0.3 * similarity(w.word, main) from pole_word w
       where w.slips && pole_slips(main) and levenshtein(w.word, main) <= 2
      union all
      select w.word, 0.3 + 0.6 * similarity(w.word, main) from pole_word w
       where w.sounds && pole_sounds(main)
      union all
      select w.word, similarity(w.word, main) from pole_word w
       where nearness = 2 and length(main) >= 5 and w.word % main and similarity(w.word, main) >= 0.4),
    ranked as (
      select word, max(closeness) as closeness from near group by word
       having nearness = 2 or max(closeness) >= 0.6),
    shown as (
      select r.word, r.closeness, array(
        select k.part || k.label || ' ' || k.word from pole_wordlabel k
         where k.word = r.word and k.part = any (parts) and k.label = any (held)) as tokens
        from ranked r order by closeness desc, word)
    select unnest(tokens) from (select tokens from shown where tokens <> '{}' order by closeness desc, word limit 40) s);
end $near$;

-- The condition that a record's tokens hold every typed word, or all but one of them; null where a word has no token.
create function pole_tokens_condition(tokens text, words text[], parts text[], nearness integer, held bigint[],
  is_loose boolean) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $condition$
declare
  each text[] := array(select coalesce(nullif(pole_near_tokens(word, parts, nearness, held), '{}')::text, '')
                         from unnest(words) with ordinality w (word, place) order by place);
  said text[] := array(select format('%s && %L::text[]', tokens, wanted)
                         from unnest(each) with ordinality e (wanted, place) where wanted <> '' order by place);
  fewest constant integer := cardinality(words) - is_loose::integer;
begin
  if cardinality(said) < fewest then
    return null;
  elsif not is_loose or cardinality(said) = fewest then
    return array_to_string(said, ' and ');
  end if;
  return (select string_agg('(' || (select string_agg(other, ' and ') from unnest(said) with ordinality o (other, at)
                                     where at <> place) || ')', ' or ')
            from generate_series(1, cardinality(said)) place);
end $condition$;

create function pole_find_people(
  wanted text, at_most integer, born_from date default null, born_to date default null
) returns setof bigint
language plpgsql stable security definer rows 300
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
as $find$
declare
  held constant bigint[] := string_to_array(nullif(current_setting('fourfold.reads', true), ''), ',')::bigint[];
  typed constant text[] := array(select word from unnest(string_to_array(wanted, ' ')) with ordinality w (word, place)
                                  where word !~ '^[A-Z](\||$)' order by place limit 8);
  initials constant text[] := array(select ' ' || left(word, 1) from unnest(string_to_array(wanted, ' ')) word
                                     where word ~ '^[A-Z](\||$)');
  plain constant text := regexp_replace(wanted, '\|[^ ]*', '', 'g');
  found bigint[] := '{}';
  more bigint[];
  condition text;
begin
  if held is null or cardinality(typed) = 0 then
    return;
  end if;
  for step in 0 .. case when cardinality(typed) > 2 then 3 else 2 end loop
    exit when cardinality(found) >= at_most or step = 3 and cardinality(found) > 0;
    condition := pole_tokens_condition('pole_person_tokens(names_key, address_line, postcode, label_id)', typed,
      array['N', 'A'], case step when 3 then 1 else step end, held, step = 3);
    continue when condition is null;
    execute format(
      'select array(select id from (select id, names_key from pole_personrecord where (%s)%s%s limit 2000) r '
      'order by similarity(names_key, $1) desc, id limit $2)',
      condition,
      case when born_from is null then '' else format(' and birth_on between %L and %L', born_from, born_to) end,
      (select coalesce(string_agg(format(' and strpos('' '' || names_key, %L) > 0', initial), ''), '')
         from unnest(initials) initial))
      into more using plain, at_most + cardinality(found);
    found := found || array(select id from unnest(more) with ordinality m (id, place)
                             where id <> all (found) order by place limit at_most - cardinality(found));
  end loop;
  return query select unnest(found);
end $find$;

create function pole_find_places(wanted text, at_most integer) returns setof bigint
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
  if held is null or cardinality(typed) = 0 then
    return;
  end if;
  for step in 0 .. 2 loop
    exit when cardinality(found) > 0;
    condition := pole_tokens_condition('pole_address_tokens(address_line, postcode, label_id)', typed,
      array['A'], step, held, false);
    continue when condition is null;
    execute format(
      'select array(select id from (select id, address_line from pole_locationrecord where %s limit 2000) r '
      'order by similarity(address_line, $1) desc, id limit $2)', condition)
      into found using plain, at_most;
  end loop;
  return query select unnest(found);
end $find$;

-- Plates and phones by a pattern of LIKE, in their order.
create function pole_find_objects(wanted_kind text, pattern text, at_most integer) returns setof bigint
language plpgsql stable security definer rows 300
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_custom_plan
as $find$
declare
  held constant bigint[] := string_to_array(nullif(current_setting('fourfold.reads', true), ''), ',')::bigint[];
  ending constant text := reverse(ltrim(pattern, '%'));
begin
  if wanted_kind = 'PHONE' then
    return query
      select o.id from pole_objectrecord o
       where o.kind = 'PHONE' and reverse(o.value) >= ending and reverse(o.value) < ending || '~'
         and o.label_id = any (held) order by o.value, o.id limit at_most;
  else
    return query
      select o.id from pole_objectrecord o
       where o.kind = 'VEHICLE' and o.value like pattern and o.label_id = any (held)
       order by o.value, o.id limit at_most;
  end if;
end $find$;
