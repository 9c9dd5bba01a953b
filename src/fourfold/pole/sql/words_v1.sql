-- The dictionary that a search reads: each word of a name (part N) or an address (part A) that a record holds, and the
-- labels that such records stand under. It says which words are near a misspelt one without reading five million
-- names, and which labels to look for a word under. Nobody but the finder reads it: a word is there because somebody's
-- record holds it, and the record may be hidden.
create table pole_word (
  word text primary key,
  sounds text[] not null,  -- how it may be said, as double metaphone has it
  slips text[] not null    -- the word itself, and the word without each one of its letters
);
create table pole_wordlabel (
  word text,
  part text check (part in ('N', 'A')),
  label bigint,
  primary key (word, part, label)
);
create index word_sounds on pole_word using gin (sounds);
create index word_slips on pole_word using gin (slips);
create index word_pieces on pole_word using gin (word gin_trgm_ops);
revoke all on pole_word, pole_wordlabel from fourfold_app;

-- What the index of a record holds: each word behind its part and the record's label, such as "N7 SMITH", so that no
-- hidden row is ever touched. An address gives words in capitals; accents, points and apostrophes are taken off.
-- The bodies are bound when they are made, so they need no search path and are inlined. Each row pays for them twice,
-- so they replace sign by sign: a pattern cost four times as much.
create function pole_upper(raw text) returns text language sql immutable parallel safe
return replace(replace(replace(replace(replace(replace(replace(
  case when octet_length(raw) = length(raw) then upper(raw) else translate(upper(raw),
    'ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŴŶŁ’‘`´ʼ–—', 'AAAAAACEEEEIIIINOOOOOOUUUUYWYL''''''''''--') end,
  '''', ''), '.', ''), ',', ' '), '/', ' '), '-', ' '), '(', ' '), ')', ' ');
create function pole_address_tokens(address text, postcode text, label bigint) returns text[]
language sql immutable parallel safe
return string_to_array('A' || label::text || ' ' || replace(
  pole_upper(address || ' ' || split_part(postcode, ' ', 1)), ' ', e'\nA' || label::text || ' '), e'\n');
create function pole_person_tokens(names text, address text, postcode text, label bigint) returns text[]
language sql immutable parallel safe
return string_to_array('N' || label::text || ' ' || replace(names, ' ', e'\nN' || label::text || ' ')
  || e'\nA' || label::text || ' ' || replace(
    pole_upper(address || ' ' || split_part(postcode, ' ', 1)), ' ', e'\nA' || label::text || ' '), e'\n');

create function pole_sounds(word text) returns text[] language sql immutable parallel safe
return array_remove(array[dmetaphone(word), nullif(dmetaphone_alt(word), dmetaphone(word))], null);
create function pole_slips(word text) returns text[] language sql immutable parallel safe
return case when length(word) < 3 then array[word] else array(
  select distinct left(word, place - 1) || substr(word, place + 1) from generate_series(1, length(word)) place
  union select word) end;

-- Put the words of new and changed records into the dictionary. In the order of its key, so that two who do it at one
-- time wait for each other and never both.
create function pole_keep_words(tokens text[]) returns void language sql
set search_path = pg_catalog, public, pg_temp as $$
  with fresh as (
    insert into public.pole_wordlabel (word, part, label)
    select split_part(s.token, ' ', 2), left(s.token, 1), substr(split_part(s.token, ' ', 1), 2)::bigint
      from unnest(tokens) s (token) where split_part(s.token, ' ', 2) not in ('', '|') order by 1, 2, 3
    on conflict do nothing returning word)
  insert into public.pole_word (word, sounds, slips)
  select f.word, public.pole_sounds(f.word),
         array_agg(left(f.word, place - 1) || substr(f.word, place + 1)) filter (where length(f.word) > 2) || f.word
    from (select distinct word from fresh) f cross join generate_series(1, length(f.word)) place
   where f.word !~ '[0-9]' and not exists (select from public.pole_word k where k.word = f.word)
   group by f.word order by f.word
  on conflict do nothing $$;
create function pole_note_words() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set enable_sort = off
as $note$
begin
  if tg_argv[0] = 'person' and tg_op = 'INSERT' then
    perform public.pole_keep_words(array(
      select distinct unnest(public.pole_person_tokens(c.names_key, c.address_line, c.postcode, c.label_id)) from came c));
  elsif tg_argv[0] = 'person' then
    perform public.pole_keep_words(array(
      select distinct unnest(public.pole_person_tokens(c.names_key, c.address_line, c.postcode, c.label_id))
        from came c join went w using (id)
       where (c.names_key, c.address_line, c.postcode, c.label_id)
         is distinct from (w.names_key, w.address_line, w.postcode, w.label_id)));
  elsif tg_op = 'INSERT' then
    perform public.pole_keep_words(array(
      select distinct unnest(public.pole_address_tokens(c.address_line, c.postcode, c.label_id)) from came c));
  else
    perform public.pole_keep_words(array(
      select distinct unnest(public.pole_address_tokens(c.address_line, c.postcode, c.label_id))
        from came c join went w using (id)
       where (c.address_line, c.postcode, c.label_id) is distinct from (w.address_line, w.postcode, w.label_id)));
  end if;
  return null;
end $note$;
revoke execute on function pole_note_words(), pole_keep_words(text[]) from public;

create index person_record_tokens on pole_personrecord
  using gin (pole_person_tokens(names_key, address_line, postcode, label_id));
create index location_record_tokens on pole_locationrecord
  using gin (pole_address_tokens(address_line, postcode, label_id));
-- Of plates any part may be known; of a phone whose beginning is unknown, its end.
create index object_record_plate on pole_objectrecord using gin (value gin_trgm_ops) where kind = 'VEHICLE';
create index object_record_ending on pole_objectrecord (reverse(value)) where kind = 'PHONE';

create trigger words_insert after insert on pole_personrecord referencing new table as came
  for each statement execute function pole_note_words('person');
create trigger words_update after update on pole_personrecord referencing new table as came old table as went
  for each statement execute function pole_note_words('person');
create trigger words_insert after insert on pole_locationrecord referencing new table as came
  for each statement execute function pole_note_words('location');
create trigger words_update after update on pole_locationrecord referencing new table as came old table as went
  for each statement execute function pole_note_words('location');

-- The owner, who migrates, is held by the policies as everybody is, and would see no row to take words from.
alter table pole_personrecord no force row level security;
alter table pole_locationrecord no force row level security;
select pole_keep_words(array(
  select unnest(pole_person_tokens(names_key, address_line, postcode, label_id)) from pole_personrecord
  union select unnest(pole_address_tokens(address_line, postcode, label_id)) from pole_locationrecord));
alter table pole_personrecord force row level security;
alter table pole_locationrecord force row level security;
