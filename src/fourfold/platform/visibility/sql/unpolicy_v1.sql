drop policy changes on {table};
drop policy adds on {table};
drop policy reads on {table};
alter table {table} no force row level security;
alter table {table} disable row level security;
