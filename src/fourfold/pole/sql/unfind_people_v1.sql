drop function pole_find_people(text, integer);
