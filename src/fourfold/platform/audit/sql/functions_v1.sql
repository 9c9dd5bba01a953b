-- When something was done: the clock of the statement, or the simulation's where the simulation's role logged in.
create function audit_moment() returns timestamptz language sql stable parallel safe as $$
  select case when session_user = 'fourfold_simulation' then public.history_moment() else pg_catalog.clock_timestamp() end
$$;
create function audit_transaction() returns bigint language sql stable parallel safe as $$
  select pg_catalog.pg_current_xact_id()::text::bigint
$$;
-- Numbers of transactions start again in another cluster, for example after a restore: the cluster's own number tells them apart.
create function audit_cluster() returns bigint language sql stable parallel safe as $$
  select system_identifier from pg_catalog.pg_control_system()
$$;
