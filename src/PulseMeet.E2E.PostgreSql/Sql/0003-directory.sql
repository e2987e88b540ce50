-- Device lists, prekeys and key packages. What was handed out stays as a row without content, so that it is never taken again.
create table publication (
  device bigint primary key,
  certificate bytea not null,
  signed_pair bytea not null,
  signed_id bigint not null,
  not_after bigint not null,
  hash bytea not null
);

-- All of the published signed pair's generation: an earlier one's are of no use, and go with it.
create table one_time_pair (
  device bigint not null,
  id bigint not null,
  content bytea,
  primary key (device, id)
);
create index one_time_pair_left on one_time_pair (device, id) where content is not null;

create table key_package (
  device bigint not null,
  hash bytea not null,
  place bigint generated always as identity,
  content bytea,
  primary key (device, hash)
);
create index key_package_left on key_package (device, place) where content is not null;

create table last_resort_key_package (
  device bigint primary key,
  content bytea not null
);

-- What a device has published, mailbox and places in groups left alone. The device is locked.
create function forget_publication(p_device bigint) returns void
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  delete from publication where device = p_device;
  delete from one_time_pair where device = p_device;
  delete from key_package where device = p_device;
  delete from last_resort_key_package where device = p_device;
end
$$;

-- All of a device that is locked, but the number of its next item.
create function forget_device(p_device bigint) returns void
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  perform forget_publication(p_device);
  delete from revision where device = p_device;
  delete from member where device = p_device;
  delete from item where device = p_device;
  delete from share where device = p_device;
  delete from seen where device = p_device;
  update device set is_listed = false, identity = null, items = 0, bytes = 0 where id = p_device;
end
$$;

-- The devices that were left out: who waits there has to hear of it.
create function publish_device_list(
  p_user text, p_device text, p_account_key bytea, p_number bigint, p_list bytea, p_devices text[], p_identities bytea[])
returns bigint[]
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_account account;
  v_device bigint;
  v_left_out bigint[];
begin
  perform account_for(p_user);
  select * into v_account from account where user_id = p_user for no key update;
  if v_account.device_list = p_list then
    return '{}';
  end if;
  if v_account.list_number >= p_number then
    raise exception using errcode = 'E2E21', message = 'a newer device list is there';
  end if;
  if v_account.account_key is distinct from p_account_key and p_device <> all (p_devices) then
    raise exception using errcode = 'E2E41', message = 'a list that begins an account, and the caller is not on it';
  end if;
  insert into device (account, device_id) select v_account.id, d from unnest(p_devices) d order by d
    on conflict (account, device_id) do nothing;
  perform lock_mailboxes(array(select id from device where account = v_account.id));
  v_left_out := array(select id from device where account = v_account.id and is_listed and device_id <> all (p_devices));
  foreach v_device in array v_left_out loop
    perform forget_device(v_device);
  end loop;
  -- A device that comes back with other keys begins anew; its mailbox stays.
  for v_device in
    select d.id from device d join unnest(p_devices, p_identities) l (device_id, identity) on l.device_id = d.device_id
      where d.account = v_account.id and d.is_listed and d.identity <> l.identity
  loop
    perform forget_publication(v_device);
    delete from revision where device = v_device;
  end loop;
  update device d set is_listed = true, identity = l.identity
    from unnest(p_devices, p_identities) l (device_id, identity)
    where d.account = v_account.id and d.device_id = l.device_id and (not d.is_listed or d.identity <> l.identity);
  update account set account_key = p_account_key, list_number = p_number, device_list = p_list where id = v_account.id;
  return v_left_out;
end
$$;

-- The caller's device, locked and on the list.
create function lock_own(p_user text, p_device text) returns bigint
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  perform lock_mailboxes(array[listed_device(p_user, p_device)]);
  return listed_device(p_user, p_device);
end
$$;

-- The number of one-time pairs that are left. Of two signed pairs that with the greater id stays, and of two certificates for one
-- pair that which runs longer.
create function publish_pre_keys(
  p_user text, p_device text, p_identity bytea, p_certificate bytea, p_not_after bigint, p_signed_pair bytea, p_signed_id bigint,
  p_hash bytea, p_ids bigint[], p_pairs bytea[], p_max integer)
returns integer
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_device bigint := lock_own(p_user, p_device);
  v_there publication;
  v_left integer;
begin
  if (select identity from device where id = v_device) <> p_identity then
    raise exception using errcode = 'E2E16', message = 'other keys than the device list has';
  end if;
  select * into v_there from publication where device = v_device;
  if v_there.device is null or p_signed_id > v_there.signed_id then
    delete from one_time_pair where device = v_device;
    delete from publication where device = v_device;
    insert into publication (device, certificate, signed_pair, signed_id, not_after, hash)
      values (v_device, p_certificate, p_signed_pair, p_signed_id, p_not_after, p_hash);
  elsif p_signed_id < v_there.signed_id then
    return (select count(*) from one_time_pair where device = v_device and content is not null);
  elsif p_not_after >= v_there.not_after then
    update publication set certificate = p_certificate, signed_pair = p_signed_pair, not_after = p_not_after, hash = p_hash
      where device = v_device and hash <> p_hash;
  end if;
  insert into one_time_pair select v_device, n.id, n.content from unnest(p_ids, p_pairs) n (id, content) order by n.id
    on conflict (device, id) do nothing;
  select count(*) into v_left from one_time_pair where device = v_device and content is not null;
  if v_left > p_max then
    raise exception using errcode = 'E2E14', message = 'one-time pairs of one device';
  end if;
  return v_left;
end
$$;

-- The user's list with what each of its devices has published, and a one-time pair of each, taken. A row without a device where
-- none has published. One statement: list and publications are of one moment.
create function claim_bundles(p_user text, p_except text[])
returns table (device_list bytea, device_id text, certificate bytea, signed_pair bytea, one_time_pair bytea)
language plpgsql rows 3 set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  return query
  with owner as (
    select a.id, a.device_list from account a where a.user_id = p_user and a.device_list is not null
  ), published as (
    select d.id, d.device_id, p.certificate, p.signed_pair
      from owner o join device d on d.account = o.id join publication p on p.device = d.id
      where d.is_listed and d.device_id <> all (p_except)
  ), first as materialized (
    select t.device, t.id, t.content
      from published p cross join lateral (
        select o.device, o.id, o.content from one_time_pair o where o.device = p.id and o.content is not null
          order by o.id limit 1 for update skip locked) t
  ), taken as (
    update one_time_pair o set content = null from first f where o.device = f.device and o.id = f.id returning f.device, f.content
  )
  select o.device_list, p.device_id, p.certificate, p.signed_pair, t.content
    from owner o left join published p on true left join taken t on t.device = p.id;
  if not found then
    raise exception using errcode = 'E2E12', message = 'no device list';
  end if;
end
$$;

create function publish_key_packages(
  p_user text, p_device text, p_hashes bytea[], p_packages bytea[], p_last_resort bytea, p_max integer) returns integer
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_device bigint := lock_own(p_user, p_device);
  v_left integer;
begin
  insert into key_package (device, hash, content)
    select v_device, n.hash, n.content from unnest(p_hashes, p_packages) with ordinality n (hash, content, place) order by n.place
    on conflict (device, hash) do nothing;
  if p_last_resort is not null then
    insert into last_resort_key_package values (v_device, p_last_resort)
      on conflict (device) do update set content = excluded.content;
  end if;
  select count(*) into v_left from key_package where device = v_device and content is not null;
  if v_left > p_max then
    raise exception using errcode = 'E2E14', message = 'key packages of one device';
  end if;
  return v_left;
end
$$;

create function claim_key_packages(p_user text) returns table (device_list bytea, device_id text, key_package bytea)
language plpgsql rows 3 set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  return query
  with owner as (
    select a.id, a.device_list from account a where a.user_id = p_user and a.device_list is not null
  ), listed as (
    select d.id, d.device_id from owner o join device d on d.account = o.id where d.is_listed
  ), first as materialized (
    select t.device, t.hash, t.content
      from listed l cross join lateral (
        select k.device, k.hash, k.content from key_package k where k.device = l.id and k.content is not null
          order by k.place limit 1 for update skip locked) t
  ), taken as (
    update key_package k set content = null from first f where k.device = f.device and k.hash = f.hash returning f.device, f.content
  ), given as (
    select l.device_id, coalesce(t.content, r.content) as content
      from listed l left join taken t on t.device = l.id left join last_resort_key_package r on r.device = l.id
  )
  select o.device_list, g.device_id, g.content from owner o left join given g on g.content is not null;
  if not found then
    raise exception using errcode = 'E2E12', message = 'no device list';
  end if;
end
$$;

create function pre_key_status(p_user text, p_device text, out pairs bigint, out key_packages bigint, out hash bytea)
language plpgsql stable set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_device bigint := listed_device(p_user, p_device);
begin
  pairs := (select count(*) from one_time_pair o where o.device = v_device and o.content is not null);
  key_packages := (select count(*) from key_package k where k.device = v_device and k.content is not null);
  hash := (select p.hash from publication p where p.device = v_device);
end
$$;
