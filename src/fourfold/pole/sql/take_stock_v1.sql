-- The planner's statistics of one table of the picture, taken anew within a publication. Only a table's owner may do
-- that, so the application asks this function, which knows which tables it may be asked about.
create function pole_take_stock(wanted text) returns void language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  if wanted not in ('pole_personrecord', 'pole_objectrecord', 'pole_locationrecord', 'pole_eventrecord', 'pole_link',
                    'pole_matchedge') then
    raise exception 'There is no table % to take stock of', wanted;
  end if;
  execute format('analyze public.%I', wanted);
end $$;
revoke execute on function pole_take_stock(text) from public;
grant execute on function pole_take_stock(text) to fourfold_app;
