drop function visibility_spread(regclass);
drop function visibility_restamp() cascade;
drop function visibility_stamp();
drop table visibility_stamp;
