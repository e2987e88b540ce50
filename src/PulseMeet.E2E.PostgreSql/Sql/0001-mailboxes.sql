-- Accounts, devices and their mailboxes. Every call of the relay is one statement, so that no transaction ever waits for a
-- relay. Ids of items are given out under the lock of the mailbox's row (device), which is held until the end of the
-- transaction: they become visible in their order. Locks are taken in one order: account, group, devices by id, the rest.
create table account (
  id bigint generated always as identity primary key,
  user_id text collate "C" not null unique,
  account_key bytea,
  list_number bigint,
  device_list bytea,
  recovery_copy bytea
);

-- A device that was heard of, and its mailbox. Rows stay, so that an item's id is never given twice.
create table device (
  id bigint generated always as identity primary key,
  account bigint not null references account,
  device_id text collate "C" not null,
  is_listed boolean not null default false,
  identity bytea,                                          -- the listed certificate's, without validity and signature
  next_item bigint not null default 1,
  items integer not null default 0,
  bytes bigint not null default 0,
  unique (account, device_id)
) with (fillfactor = 60);

-- What one sending user has in a mailbox.
create table share (
  device bigint not null,
  account bigint not null,
  items integer not null,
  bytes bigint not null,
  primary key (device, account)
) with (fillfactor = 60);

create table revision (
  device bigint primary key,
  highest bigint not null
) with (fillfactor = 60);

-- A content that lies in several mailboxes.
create table body (
  id bigint generated always as identity primary key,
  content bytea not null,
  arrived_at timestamptz not null
);

create table item (
  device bigint not null,
  id bigint not null,
  kind smallint not null,
  sender bigint not null,
  mls_group bigint,
  envelope_id bytea not null,
  arrived_at timestamptz not null,
  size integer not null,
  content bytea,
  body bigint,
  primary key (device, id),
  check ((content is null) <> (body is null))
);
create index item_age on item using brin (arrived_at);
create index item_body on item (body) where body is not null;

-- Which envelopes came, also after they were acknowledged.
create table seen (
  device bigint not null,
  sender bigint not null,
  envelope_id bytea not null,
  arrived_at timestamptz not null,
  primary key (device, sender, envelope_id)
);
create index seen_age on seen using brin (arrived_at);

create function device_of(p_user text, p_device text) returns bigint
language plpgsql stable set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  return (select d.id from device d join account a on a.id = d.account where a.user_id = p_user and d.device_id = p_device);
end
$$;

create function account_for(p_user text) returns bigint
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_id bigint;
begin
  select id into v_id from account where user_id = p_user;
  if v_id is null then
    insert into account (user_id) values (p_user) on conflict (user_id) do nothing;
    select id into v_id from account where user_id = p_user;
  end if;
  return v_id;
end
$$;

-- The caller's device, where it is on its user's list.
create function listed_device(p_user text, p_device text) returns bigint
language plpgsql stable set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_id bigint;
begin
  select d.id into v_id from device d join account a on a.id = d.account
    where a.user_id = p_user and d.device_id = p_device and d.is_listed;
  if v_id is null then
    raise exception using errcode = 'E2E12', message = 'the caller is not on the list';
  end if;
  return v_id;
end
$$;

-- Locks the mailboxes of these devices, in their order.
create function lock_mailboxes(p_devices bigint[]) returns void
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  perform from device where id = any (p_devices) order by id for no key update;
end
$$;

-- Takes items out of a mailbox that the caller has locked: those with these ids, or those from before a time, or all.
create function drop_items(p_device bigint, p_ids bigint[], p_before timestamptz) returns void
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_items integer;
  v_bytes bigint;
begin
  with gone as (
    delete from item i
      where i.device = p_device and (p_ids is null or i.id = any (p_ids)) and (p_before is null or i.arrived_at <= p_before)
      returning i.sender, i.size
  ), shares as (
    select s.account, count(*)::integer as items, sum(g.size)::bigint as bytes
      from gone g join device s on s.id = g.sender group by s.account
  ), taken as (
    update share h set items = h.items - s.items, bytes = h.bytes - s.bytes
      from shares s where h.device = p_device and h.account = s.account
  )
  select coalesce(sum(s.items), 0), coalesce(sum(s.bytes), 0) into v_items, v_bytes from shares s;
  if v_items > 0 then
    update device set items = items - v_items, bytes = bytes - v_bytes where id = p_device;
    delete from share where device = p_device and items = 0;
  end if;
end
$$;

-- One outcome for each envelope (1 accepted, 2 unknown device, 3 mailbox full), and the devices that have something new.
create function deliver(
  p_user text, p_device text, p_now timestamptz, p_before timestamptz, p_max_items integer, p_max_bytes bigint, p_share float8,
  p_users text[], p_devices text[], p_ids bytea[], p_contents bytea[], out outcomes smallint[], out woken bigint[])
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_sender bigint := listed_device(p_user, p_device);
  v_account bigint := (select account from device where id = v_sender);
  v_mailbox device;
  v_recipient bigint;
  v_places integer[];
  v_place integer;
  v_items integer;
  v_bytes bigint;
  v_new_items integer;
  v_new_bytes bigint;
  v_size integer;
  v_purged boolean;
begin
  outcomes := array_fill(2::smallint, array[cardinality(p_ids)]);
  woken := '{}';
  for v_recipient, v_places in
    select d.id, array_agg(e.place::integer order by e.place)
      from unnest(p_users, p_devices) with ordinality e (user_id, device_id, place)
      join account a on a.user_id = e.user_id
      join device d on d.account = a.id and d.device_id = e.device_id
      group by d.id order by d.id
  loop
    select * into v_mailbox from device where id = v_recipient for no key update;
    continue when not v_mailbox.is_listed;
    select items, bytes into v_items, v_bytes from share where device = v_recipient and account = v_account;
    v_items := coalesce(v_items, 0);
    v_bytes := coalesce(v_bytes, 0);
    v_new_items := 0;
    v_new_bytes := 0;
    v_purged := false;
    foreach v_place in array v_places loop
      if exists (select from seen
          where device = v_recipient and sender = v_sender and envelope_id = p_ids[v_place] and arrived_at > p_before) then
        outcomes[v_place] := 1;
        continue;
      end if;
      v_size := length(p_contents[v_place]);
      loop
        exit when v_mailbox.items + v_new_items < p_max_items and v_mailbox.bytes + v_new_bytes + v_size <= p_max_bytes
          and v_items + v_new_items < floor(p_max_items * p_share) and v_bytes + v_new_bytes + v_size <= floor(p_max_bytes * p_share);
        if v_purged then
          outcomes[v_place] := 3;
          exit;
        end if;
        -- What is past its age takes no room. Nothing of this call is as old.
        perform drop_items(v_recipient, null, p_before);
        v_purged := true;
        select * into v_mailbox from device where id = v_recipient;
        select items, bytes into v_items, v_bytes from share where device = v_recipient and account = v_account;
        v_items := coalesce(v_items, 0);
        v_bytes := coalesce(v_bytes, 0);
      end loop;
      continue when outcomes[v_place] = 3;
      insert into seen values (v_recipient, v_sender, p_ids[v_place], p_now)
        on conflict (device, sender, envelope_id) do update set arrived_at = excluded.arrived_at;
      insert into item (device, id, kind, sender, envelope_id, arrived_at, size, content)
        values (v_recipient, v_mailbox.next_item + v_new_items, 1, v_sender, p_ids[v_place], p_now, v_size, p_contents[v_place]);
      v_new_items := v_new_items + 1;
      v_new_bytes := v_new_bytes + v_size;
      outcomes[v_place] := 1;
    end loop;
    if v_new_items > 0 then
      update device set next_item = next_item + v_new_items, items = items + v_new_items, bytes = bytes + v_new_bytes
        where id = v_recipient;
      insert into share as h values (v_recipient, v_account, v_new_items, v_new_bytes)
        on conflict (device, account) do update set items = h.items + v_new_items, bytes = h.bytes + v_new_bytes;
      woken := woken || v_recipient;
    end if;
  end loop;
end
$$;

-- Puts one content into mailboxes that the caller has locked; those that are full miss it. The devices that got it.
create function put_in_mailboxes(
  p_recipients bigint[], p_sender bigint, p_kind integer, p_group bigint, p_id bytea, p_content bytea,
  p_now timestamptz, p_before timestamptz, p_max_items integer, p_max_bytes bigint, p_share float8) returns bigint[]
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_account bigint := (select account from device where id = p_sender);
  v_size integer := length(p_content);
  v_body bigint;
  v_fitting bigint[];
  v_full bigint;
begin
  for v_full in
    select d.id from device d left join share h on h.device = d.id and h.account = v_account
      where d.id = any (p_recipients) and d.is_listed and not (
        d.items < p_max_items and d.bytes + v_size <= p_max_bytes
        and coalesce(h.items, 0) < floor(p_max_items * p_share) and coalesce(h.bytes, 0) + v_size <= floor(p_max_bytes * p_share))
  loop
    perform drop_items(v_full, null, p_before);
  end loop;
  select coalesce(array_agg(d.id), '{}') into v_fitting
    from device d left join share h on h.device = d.id and h.account = v_account
    where d.id = any (p_recipients) and d.is_listed
      and d.items < p_max_items and d.bytes + v_size <= p_max_bytes
      and coalesce(h.items, 0) < floor(p_max_items * p_share) and coalesce(h.bytes, 0) + v_size <= floor(p_max_bytes * p_share);
  if cardinality(v_fitting) > 1 and v_size > 1024 then
    insert into body (content, arrived_at) values (p_content, p_now) returning id into v_body;
  end if;
  insert into item (device, id, kind, sender, mls_group, envelope_id, arrived_at, size, content, body)
    select d.id, d.next_item, p_kind, p_sender, p_group, p_id, p_now, v_size, case when v_body is null then p_content end, v_body
      from device d where d.id = any (v_fitting);
  update device set next_item = next_item + 1, items = items + 1, bytes = bytes + v_size where id = any (v_fitting);
  insert into share as h select d, v_account, 1, v_size from unnest(v_fitting) d
    on conflict (device, account) do update set items = h.items + 1, bytes = h.bytes + v_size;
  return v_fitting;
end
$$;

-- The highest revision of the device's store that the relay was ever told.
create function note_revision(p_user text, p_device text, p_revision bigint, out device bigint, out highest bigint)
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  device := listed_device(p_user, p_device);
  select r.highest into note_revision.highest from revision r where r.device = note_revision.device;
  if highest is null or highest < p_revision then
    insert into revision as r values (note_revision.device, p_revision)
      on conflict on constraint revision_pkey do update set highest = greatest(r.highest, excluded.highest)
      returning r.highest into note_revision.highest;
  end if;
end
$$;

create function receive(p_user text, p_device text, p_before timestamptz, p_max integer, p_max_bytes bigint, p_except bigint[])
returns table (id bigint, kind smallint, user_id text, device_id text, group_id bytea, envelope_id bytea, arrived_at timestamptz, content bytea)
language plpgsql stable rows 10 set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_device bigint := device_of(p_user, p_device);
begin
  return query
  with page as (
    select i.*, sum(i.size) over (order by i.id) as total from (
      select * from item
        where item.device = v_device and item.arrived_at > p_before and item.id <> all (p_except)
        order by item.id limit p_max) i
  )
  select p.id, p.kind, a.user_id, s.device_id, g.group_id, p.envelope_id, p.arrived_at, coalesce(p.content, b.content)
    from page p
    join device s on s.id = p.sender
    join account a on a.id = s.account
    left join mls_group g on g.id = p.mls_group
    left join body b on b.id = p.body
    where p.total <= p_max_bytes or p.total = p.size
    order by p.id;
end
$$;

create function acknowledge(p_user text, p_device text, p_ids bigint[]) returns void
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_device bigint := device_of(p_user, p_device);
begin
  perform from device where id = v_device for no key update;
  perform drop_items(v_device, p_ids, null);
end
$$;
