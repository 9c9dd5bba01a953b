-- The planner's statistics of one table of the picture, taken anew within a publication: how many rows it has, and the
-- columns that a publication joins by. Only a table's owner may do that, so the application asks this function, which
-- knows which tables it may be asked about.
create or replace function pole_take_stock(wanted text) returns void language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  case wanted
    when 'pole_personrecord' then analyze public.pole_personrecord (id, source, source_key, person_id, label_id);
    when 'pole_objectrecord' then analyze public.pole_objectrecord (id, source, source_key, label_id);
    when 'pole_locationrecord' then analyze public.pole_locationrecord (id, source, source_key, label_id);
    when 'pole_eventrecord' then analyze public.pole_eventrecord (id, source, source_key, location_id, label_id);
    when 'pole_link' then
      analyze public.pole_link (source, source_key, left_kind, left_id, right_kind, right_id, label_id);
    when 'pole_matchedge' then analyze public.pole_matchedge (left_id, right_id, label_id, state);
    when 'pole_thingtie' then analyze public.pole_thingtie (end_kind, left_id, right_id, label_id, state, weight);
    else raise exception 'There is no table % to take stock of', wanted;
  end case;
end $$;
revoke execute on function pole_take_stock(text) from public;
grant execute on function pole_take_stock(text) to fourfold_app;
