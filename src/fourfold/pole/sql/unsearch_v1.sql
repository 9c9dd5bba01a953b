drop function pole_find_objects(text, text, integer);
drop function pole_find_places(text, integer);
drop function pole_find_people(text, integer, date, date);
drop function pole_tokens_condition(text, text[], text[], integer, bigint[], boolean);
drop function pole_near_tokens(text, text[], integer, bigint[]);
