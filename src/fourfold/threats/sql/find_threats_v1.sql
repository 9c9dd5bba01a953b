-- Candidate ids for a threat's name or other names, for the query around it to read under the policy. The trigram index is
-- out of reach under row-level security (its operator is not leakproof), so this runs as a role that reads past the
-- policies; it applies the reader's labels itself, so that hidden threats neither come out nor crowd visible ones out.
create function threats_names(name text, aliases text[]) returns text language sql immutable parallel safe
set search_path = pg_catalog, pg_temp as $$ select name || ' | ' || array_to_string(aliases, ' | ') $$;
create index threat_names on threats_threat using gin (threats_names(name, aliases::text[]) gin_trgm_ops);
create function threats_find(wanted text, at_most integer) returns setof bigint
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
set pg_trgm.word_similarity_threshold = 0.4
as $find$
declare
  held constant bigint[] := string_to_array(nullif(current_setting('fourfold.reads', true), ''), ',')::bigint[];
begin
  return query
    select t.id from threats_threat t
     where wanted <% threats_names(t.name, t.aliases::text[]) and t.label_id = any (held)
     order by t.closed_on is not null, word_similarity(wanted, threats_names(t.name, t.aliases::text[])) desc, t.reference
     limit at_most;
end $find$;
