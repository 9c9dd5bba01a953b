drop function threats_find(text, integer);
drop index threat_names;
drop function threats_names(text, text[]);
