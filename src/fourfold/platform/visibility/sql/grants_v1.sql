-- The application role may read, add and change; never delete, truncate or alter. Tables that need less or more say so
-- in their own migration. The finder reads, so that its functions can return candidate ids past the policies.
create schema if not exists rewound;
grant usage on schema public, rewound to fourfold_app;
revoke create on schema public from public;
grant select, insert, update on all tables in schema public to fourfold_app;
grant usage, select on all sequences in schema public to fourfold_app;
alter default privileges in schema public grant select, insert, update on tables to fourfold_app;
alter default privileges in schema public grant usage, select on sequences to fourfold_app;
alter default privileges in schema rewound grant select on tables to fourfold_app;
do $$ begin
  if exists (select from pg_roles where rolname = 'fourfold_finder') then
    grant usage on schema public to fourfold_finder;
    grant select on all tables in schema public to fourfold_finder;
    alter default privileges in schema public grant select on tables to fourfold_finder;
  end if;
end $$;
revoke insert, update on django_migrations from fourfold_app;
