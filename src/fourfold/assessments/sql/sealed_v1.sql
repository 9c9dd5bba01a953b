-- What is decided stays as it was decided, and what a side has sent stays as it was sent, whatever the application says.
-- A label may change with the threat's, and a standing assessment may be superseded; nothing else may.
create function assessments_apart_from_label(said jsonb) returns jsonb language sql immutable parallel safe as $$
  select said - '{label_id,because,recorded_from,recorded_by,recorded_in}'::text[]
$$;

-- A version of a model is never changed: a change is another version.
create function assessments_model_stays() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  raise exception 'The model % is loaded and never changes', old.code
    using errcode = 'check_violation', constraint = 'assessment_model_stays';
end $$;
create trigger model_stays before update or delete on assessments_assessmentmodel
  for each row execute function assessments_model_stays();
revoke update on assessments_assessmentmodel from fourfold_app;

create function assessments_decided_stays() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if assessments_apart_from_label(to_jsonb(new)) - 'status' = assessments_apart_from_label(to_jsonb(old)) - 'status'
     and (new.status = old.status or (new.status = 'SUPERSEDED' and old.status in ('MODERATED', 'NOT_MODERATED'))) then
    return new;
  end if;
  raise exception 'Assessment % is decided and stays as it is', old.reference
    using errcode = 'check_violation', constraint = 'assessment_decided_stays';
end $$;
create trigger decided_stays before update on assessments_assessment
  for each row when (old.status in ('MODERATED', 'NOT_MODERATED', 'SUPERSEDED')) execute function assessments_decided_stays();

create function assessments_row_stays() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if assessments_apart_from_label(to_jsonb(new)) = assessments_apart_from_label(to_jsonb(old)) then
    return new;
  end if;
  raise exception 'This row of % is finished and stays as it is', tg_table_name
    using errcode = 'check_violation', constraint = 'assessment_row_stays';
end $$;
create trigger sheet_stays before update on assessments_scoresheet
  for each row execute function assessments_row_stays();
create trigger appeal_stays before update on assessments_appeal
  for each row when (old.decided_at is not null) execute function assessments_row_stays();

-- Scores and evidence of a side are open until its sheet is written. Evidence is the assessor's.
create function assessments_sealed_row() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  whose constant text := coalesce(to_jsonb(old) ->> 'side', 'ASSESSOR');
begin
  if assessments_apart_from_label(to_jsonb(new)) = assessments_apart_from_label(to_jsonb(old)) then
    return new;
  end if;
  if exists (select from assessments_scoresheet s
              where s.assessment_id = old.assessment_id and s.round = old.round and s.side = whose)
     or new.assessment_id <> old.assessment_id or new.round <> old.round then
    raise exception 'These scores were sent and stay as they are'
      using errcode = 'check_violation', constraint = 'assessment_sealed';
  end if;
  return new;
end $$;
create trigger sealed_row before update on assessments_criterionscore
  for each row execute function assessments_sealed_row();
create trigger sealed_row before update on assessments_criterionevidence
  for each row execute function assessments_sealed_row();

create function assessments_sealed_scores() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from new_rows n join assessments_scoresheet s
               on s.assessment_id = n.assessment_id and s.round = n.round and s.side = n.side) then
    raise exception 'These scores were sent and stay as they are'
      using errcode = 'check_violation', constraint = 'assessment_sealed';
  end if;
  return null;
end $$;
create trigger sealed_scores after insert on assessments_criterionscore referencing new table as new_rows
  for each statement execute function assessments_sealed_scores();

create function assessments_sealed_evidence() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from new_rows n join assessments_scoresheet s
               on s.assessment_id = n.assessment_id and s.round = n.round and s.side = 'ASSESSOR') then
    raise exception 'These scores were sent and stay as they are'
      using errcode = 'check_violation', constraint = 'assessment_sealed';
  end if;
  return null;
end $$;
create trigger sealed_evidence after insert on assessments_criterionevidence referencing new table as new_rows
  for each statement execute function assessments_sealed_evidence();
