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

-- Upper letters, digits and single spaces: accents taken off, apostrophes and points dropped, all else a space.
create function pole_plain(raw text) returns text language sql immutable parallel safe
set search_path = pg_catalog, pg_temp as $$
  select btrim(regexp_replace(translate(upper(raw),
    'ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŴŶŁ''’‘`´ʼ.', 'AAAAAACEEEEIIIINOOOOOOUUUUYWYL'), '[^A-Z0-9]+', ' ', 'g')) $$;

-- What the index of a record holds: each word with its part and the record's label, so that no hidden row is touched.
create function pole_name_tokens(names text, label bigint) returns text[] language sql immutable parallel safe
set search_path = pg_catalog, pg_temp as $$
  select case when names = '' then '{}' else
    string_to_array('N' || label || ' ' || replace(replace(names, ' | ', ' '), ' ', '|N' || label || ' '), '|') end $$;
create function pole_address_tokens(address text, postcode text, label bigint) returns text[]
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
  select case when address = '' and postcode = '' then '{}' else string_to_array('A' || label || ' '
    || replace(public.pole_plain(address || ' ' || split_part(postcode, ' ', 1)), ' ', '|A' || label || ' '), '|') end $$;
create function pole_person_tokens(names text, address text, postcode text, label bigint) returns text[]
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
  select public.pole_name_tokens(names, label) || public.pole_address_tokens(address, postcode, label) $$;

create function pole_sounds(word text) returns text[] language sql immutable parallel safe
set search_path = pg_catalog, public, pg_temp as $$
  select array_remove(array[public.dmetaphone(word), nullif(public.dmetaphone_alt(word), public.dmetaphone(word))], null) $$;
create function pole_slips(word text) returns text[] language sql immutable parallel safe
set search_path = pg_catalog, pg_temp as $$
  select case when length(word) < 3 then array[word] else array(
    select distinct left(word, place - 1) || substr(word, place + 1) from generate_series(1, length(word)) place
    union select word) end $$;

-- Put the words of new and changed records into the dictionary. In the order of its key, so that two who do it at one
-- time wait for each other and never both.
create function pole_keep_words(words text[], parts text[], labels bigint[]) returns void
language sql set search_path = pg_catalog, public, pg_temp as $$
  with fresh as (
    insert into public.pole_wordlabel (word, part, label)
    select s.word, s.part, s.label from unnest(words, parts, labels) s (word, part, label)
     where not exists (select from public.pole_wordlabel k where (k.word, k.part, k.label) = (s.word, s.part, s.label))
     order by 1, 2, 3
    on conflict do nothing returning word)
  insert into public.pole_word (word, sounds, slips)
  select f.word, public.pole_sounds(f.word), public.pole_slips(f.word) from (select distinct word from fresh) f
   where f.word !~ '[0-9]' and not exists (select from public.pole_word k where k.word = f.word)
   order by 1
  on conflict do nothing $$;
create function pole_note_words() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $note$
declare
  came text := case tg_op when 'INSERT' then 'came' else
    'came join went using (id) where (came.label_id, came.address_line, came.postcode'
    || case tg_argv[0] when 'person' then ', came.names_key) is distinct from '
         '(went.label_id, went.address_line, went.postcode, went.names_key)'
       else ') is distinct from (went.label_id, went.address_line, went.postcode)' end end;
  said text := format('select distinct came.label_id as label, ''A'' as part, unnest(string_to_array(public.pole_plain('
    'came.address_line || '' '' || split_part(came.postcode, '' '', 1)), '' '')) as word from %s', came);
begin
  if tg_argv[0] = 'person' then
    said := said || format(' union all select distinct came.label_id, ''N'', '
      'unnest(string_to_array(replace(came.names_key, '' | '', '' ''), '' '')) from %s', came);
  end if;
  execute format('select public.pole_keep_words(array_agg(word), array_agg(part), array_agg(label)) '
    'from (%s) s where word <> '''' having count(*) > 0', said);
  return null;
end $note$;
revoke execute on function pole_note_words(), pole_keep_words(text[], text[], bigint[]) from public;

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

select pole_keep_words(array_agg(word), array_agg(part), array_agg(label)) from (
  select distinct label_id as label, 'N' as part, unnest(string_to_array(replace(names_key, ' | ', ' '), ' ')) as word
    from pole_personrecord
  union select label_id, 'A', unnest(string_to_array(
    pole_plain(address_line || ' ' || split_part(postcode, ' ', 1)), ' ')) from pole_personrecord
  union select label_id, 'A', unnest(string_to_array(
    pole_plain(address_line || ' ' || split_part(postcode, ' ', 1)), ' ')) from pole_locationrecord) s
 where word <> '' having count(*) > 0;
