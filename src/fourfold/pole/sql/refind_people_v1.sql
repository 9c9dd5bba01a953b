-- Taking the dictionary of words away puts the function of before back, as its migration made it.
-- Candidate ids for a name, for the query around it to read under the policy. The trigram index is out of reach under
-- row-level security (its operator is not leakproof), so this runs as a role that reads past the policies; it applies
-- the reader's labels itself, so that hidden records neither come out nor crowd visible ones out of the limit.
create function pole_find_people(wanted text, at_most integer) returns setof bigint
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
set pg_trgm.word_similarity_threshold = 0.55
as $find$
declare
  held constant bigint[] := string_to_array(nullif(current_setting('fourfold.reads', true), ''), ',')::bigint[];
  words constant text[] := regexp_split_to_array(trim(wanted), ' +');
  opening constant text := words[1];
  closing constant text := words[array_length(words, 1)];
begin
  if array_length(words, 1) > 1 then
    return query
      select r.id from pole_personrecord r
       where r.name_sound in (dmetaphone(closing) || ' ' || dmetaphone(opening), dmetaphone(opening) || ' ' || dmetaphone(closing))
         and r.name_sound <> '' and r.label_id = any (held)
       order by r.name_key <-> wanted, r.id limit at_most;
  else
    return query
      select r.id from pole_personrecord r
       where r.name_sound >= dmetaphone(opening) || ' ' and r.name_sound < dmetaphone(opening) || '!'
         and r.name_sound <> '' and dmetaphone(opening) <> '' and r.label_id = any (held)
       order by r.name_key <-> wanted, r.id limit at_most;
  end if;
  return query
    select r.id from pole_personrecord r
     where wanted <% r.names_key and r.label_id = any (held)
     order by word_similarity(wanted, r.names_key) desc, r.id limit at_most;
end $find$;
revoke execute on function pole_find_people(text, integer) from public;
grant execute on function pole_find_people(text, integer) to fourfold_app;
do $$ begin
  if exists (select from pg_roles where rolname = 'fourfold_finder') then
    grant create on schema public to fourfold_finder;
    alter function pole_find_people(text, integer) owner to fourfold_finder;
    revoke create on schema public from fourfold_finder;
  end if;
end $$;
