-- Media files lie outside; here is what is known of them. A file has the name of its row's id, so that one that is deleted and
-- put again is another file.
create table media (
  id bigint generated always as identity primary key,
  media_id bytea not null unique,
  account bigint not null references account,
  length bigint not null,
  received bigint not null default 0,
  begun_at timestamptz not null
);
create index media_account on media (account) include (length);
create index media_unfinished on media (begun_at) where received < length;

-- Files whose rows are gone and that still have to be deleted.
create table media_waste (
  id bigint primary key
);

create function begin_media(p_user text, p_id bytea, p_length bigint, p_quota bigint, p_now timestamptz, p_before timestamptz) returns bigint
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_account bigint := account_for(p_user);
  v_media media;
begin
  -- One upload of a user begins at a time: the quota holds for all together.
  perform from account where id = v_account for no key update;
  select * into v_media from media where media_id = p_id;
  if found then
    if v_media.account <> v_account then
      raise exception using errcode = 'E2E41', message = 'an upload of another user';
    end if;
    if v_media.length <> p_length then
      raise exception using errcode = 'E2E20', message = 'an upload of another length';
    end if;
    return v_media.received;
  end if;
  if (select coalesce(sum(length), 0) from media where account = v_account and (received = length or begun_at > p_before)) + p_length > p_quota then
    raise exception using errcode = 'E2E14', message = 'the quota for media';
  end if;
  insert into media (media_id, account, length, begun_at) values (p_id, v_account, p_length, p_now)
    on conflict (media_id) do nothing;
  if not found then
    return begin_media(p_user, p_id, p_length, p_quota, p_now, p_before);
  end if;
  return 0;
end
$$;

create function delete_media(p_user text, p_id bytea) returns bigint
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_id bigint;
  v_account bigint;
begin
  select id, account into v_id, v_account from media where media_id = p_id for update;
  if v_id is null then
    return null;
  end if;
  if v_account <> account_for(p_user) then
    raise exception using errcode = 'E2E41', message = 'a file of another user';
  end if;
  delete from media where id = v_id;
  insert into media_waste values (v_id);
  return v_id;
end
$$;
