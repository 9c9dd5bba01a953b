create trigger history_check after insert on {table} referencing new table as new_rows
  for each statement execute function public.history_check();
drop policy stamps on {table};
