-- Candidate ids of actions that may be near-copies of a text, for the query around it to read under the policy. The index
-- of keys is out of reach under row-level security (overlap of arrays is not leakproof), so this runs as a role that
-- reads past the policies; it applies the reader's labels itself, and those that every reader of the plan holds.
-- "+ 0" keeps the planner, while it has no statistics, from starting with an index of labels, which every row shares.
create function plans_find_near(
  wanted integer[], fewest integer, most integer, not_of bigint, among bigint[], at_most integer
) returns setof bigint
language sql stable security definer rows 20
set search_path = pg_catalog, public, pg_temp
as $find$
  select a.id from plans_action a
   where a.keys && wanted
     and a.words between fewest and most
     and a.plan_id <> not_of
     and a.status not in ('NOT_DONE', 'CANCELLED')
     and a.label_id + 0 = any (string_to_array(nullif(current_setting('fourfold.reads', true), ''), ',')::bigint[])
     and a.label_id + 0 = any (among)
   order by (select count(*) from unnest(a.keys) as key where key = any (wanted)) desc, a.id
   limit at_most
$find$;
