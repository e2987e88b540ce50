-- Groups: who gets what is sent to them, and the candidates for each epoch in one order. Epochs are 64 bits without a sign.
create table mls_group (
  id bigint generated always as identity primary key,
  group_id bytea not null unique,
  greatest_epoch numeric(20) not null,
  created_by bigint not null,
  created_with bytea not null,
  group_info bytea,
  group_info_tree bytea,
  group_info_by bigint,
  group_info_size integer
);

-- Whoever is or was on the delivery list. Whoever was removed in an epoch gets nothing of later ones.
create table member (
  mls_group bigint not null,
  device bigint not null,
  is_on_list boolean not null,
  removed_in numeric(20),
  primary key (mls_group, device)
);
create index member_device on member (device);

-- Users of whom a device is or was on the list, also where that device is gone.
create table group_account (
  mls_group bigint not null,
  account bigint not null,
  primary key (mls_group, account)
);

-- The places of an epoch are counted on, also when its candidates are past their age.
create table epoch_place (
  mls_group bigint not null,
  epoch numeric(20) not null,
  next_place integer not null,
  primary key (mls_group, epoch)
);

create table candidate (
  mls_group bigint not null,
  epoch numeric(20) not null,
  place integer not null,
  sender bigint not null,
  id bytea not null,
  commit bytea not null,
  tree_hash bytea,
  size integer not null,
  arrived_at timestamptz not null,
  primary key (mls_group, epoch, place),
  unique (mls_group, sender, id)
);
create index candidate_age on candidate using brin (arrived_at);
create index candidate_tree on candidate (tree_hash) where tree_hash is not null;
create index group_info_tree on mls_group (group_info_tree) where group_info_tree is not null;

-- What one user has offered and is kept, in all groups: candidates and group infos, with the trees that they name.
create table offered (
  account bigint primary key,
  items integer not null,
  bytes bigint not null
) with (fillfactor = 60);

create table tree (
  hash bytea primary key,
  content bytea not null,
  named_at timestamptz not null
);

create table group_message (
  mls_group bigint not null,
  sender bigint not null,
  id bytea not null,
  arrived_at timestamptz not null,
  primary key (mls_group, sender, id)
);
create index group_message_age on group_message using brin (arrived_at);

-- Who gets what is sent in an epoch.
create function audience(p_group bigint, p_epoch numeric) returns bigint[]
language plpgsql stable set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  return array(select device from member where mls_group = p_group and is_on_list and (removed_in is null or removed_in >= p_epoch));
end
$$;

create function send_to_group(
  p_user text, p_device text, p_now timestamptz, p_before timestamptz, p_max_items integer, p_max_bytes bigint, p_share float8,
  p_group bytea, p_epoch numeric, p_id bytea, p_content bytea) returns bigint[]
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_sender bigint := listed_device(p_user, p_device);
  v_group bigint;
  v_audience bigint[];
begin
  select id into v_group from mls_group where group_id = p_group for no key update;
  v_audience := audience(v_group, p_epoch);
  if v_sender = any (v_audience) is not true then
    raise exception using errcode = 'E2E41', message = 'not on the delivery list';
  end if;
  if exists (select from group_message where mls_group = v_group and sender = v_sender and id = p_id and arrived_at > p_before) then
    return '{}';
  end if;
  insert into group_message values (v_group, v_sender, p_id, p_now)
    on conflict (mls_group, sender, id) do update set arrived_at = excluded.arrived_at;
  v_audience := array_remove(v_audience, v_sender);
  perform lock_mailboxes(v_audience);
  return put_in_mailboxes(
    v_audience, v_sender, 3, v_group, p_id, p_content, p_now, p_before, p_max_items, p_max_bytes, p_share);
end
$$;

-- A commit with all that goes up with it; its place, and the devices that have something new.
create function offer_commit(
  p_user text, p_device text, p_now timestamptz, p_before timestamptz, p_max_items integer, p_max_bytes bigint, p_share float8,
  p_max_candidates integer, p_max_members integer, p_max_offers integer, p_max_offer_bytes bigint,
  p_group bytea, p_epoch numeric, p_id bytea, p_commit bytea,
  p_welcome_users text[], p_welcome_devices text[], p_welcome_ids bytea[], p_welcome_contents bytea[],
  p_removed_users text[], p_removed_devices text[], p_group_info bytea, p_tree_hash bytea, p_tree bytea,
  out place integer, out woken bigint[])
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_sender bigint := listed_device(p_user, p_device);
  v_account bigint := (select account from device where id = v_sender);
  v_group mls_group;
  v_is_new boolean;
  v_is_member boolean;
  v_audience bigint[];
  v_joining bigint[];
  v_removed bigint[];
  v_welcome bigint;
  v_place integer;
  v_tree_size integer := coalesce(length(p_tree), 0);
  v_offered offered;
begin
  woken := '{}';
  place := 0;
  insert into mls_group (group_id, greatest_epoch, created_by, created_with) values (p_group, p_epoch, v_sender, p_id)
    on conflict (group_id) do nothing returning * into v_group;
  v_is_new := found;
  if not v_is_new then
    select * into v_group from mls_group where group_id = p_group for no key update;
    select c.place into v_place from candidate c where c.mls_group = v_group.id and c.sender = v_sender and c.id = p_id;
    if found or (v_group.created_by = v_sender and v_group.created_with = p_id) then
      place := coalesce(v_place, 0);
      return;
    end if;
  end if;

  v_joining := array(
    select distinct d.id
      from unnest(p_welcome_users, p_welcome_devices) w (user_id, device_id)
      join account a on a.user_id = w.user_id
      join device d on d.account = a.id and d.device_id = w.device_id);
  v_removed := array(
    select distinct d.id
      from unnest(p_removed_users, p_removed_devices) r (user_id, device_id)
      join account a on a.user_id = r.user_id
      join device d on d.account = a.id and d.device_id = r.device_id);
  v_audience := audience(v_group.id, p_epoch);
  perform lock_mailboxes(v_audience || v_joining || v_removed || v_sender);
  v_joining := array(select id from device where id = any (v_joining) and is_listed);
  v_is_member := v_is_new or v_sender = any (v_audience);

  -- Bounds before rights, and rights before content.
  if (select count(*) from candidate c where c.mls_group = v_group.id and c.epoch = p_epoch and c.sender = v_sender) >= p_max_candidates then
    raise exception using errcode = 'E2E14', message = 'candidates of one device in one epoch';
  end if;
  if (select count(distinct m) from (select device from member where mls_group = v_group.id and is_on_list and removed_in is null
      union all select unnest(v_joining || v_sender)) j (m)) > p_max_members then
    raise exception using errcode = 'E2E14', message = 'devices of one group';
  end if;
  insert into offered values (v_account, 0, 0) on conflict (account) do nothing;
  perform from offered where account in (v_account, v_group.group_info_by) order by account for no key update;
  if p_group_info is not null then
    update offered set items = items - 1, bytes = bytes - v_group.group_info_size where account = v_group.group_info_by;
    update offered set items = items + 1, bytes = bytes + length(p_group_info) + v_tree_size where account = v_account;
  end if;
  if length(p_commit) > 0 then
    update offered set items = items + 1, bytes = bytes + length(p_commit) + v_tree_size where account = v_account;
  end if;
  select * into v_offered from offered where account = v_account;
  if v_offered.items > p_max_offers or v_offered.bytes > p_max_offer_bytes then
    raise exception using errcode = 'E2E14', message = 'what one user has offered';
  end if;
  if not v_is_member and (v_group.group_info is null
      or not exists (select from group_account where mls_group = v_group.id and account = v_account)) then
    raise exception using errcode = 'E2E41', message = 'not on the delivery list, and no external commits';
  end if;
  if not v_is_new and p_epoch > v_group.greatest_epoch + 1 then
    raise exception using errcode = 'E2E41', message = 'an epoch that nobody can be in';
  end if;
  if length(p_commit) = 0 and not (v_is_new and cardinality(p_welcome_ids) = 0) then
    raise exception using errcode = 'E2E01', message = 'an empty commit';
  end if;

  if p_tree_hash is not null then
    insert into tree values (p_tree_hash, p_tree, p_now) on conflict (hash) do update set named_at = excluded.named_at;
  end if;
  if length(p_commit) > 0 then
    insert into epoch_place as e values (v_group.id, p_epoch, 1)
      on conflict (mls_group, epoch) do update set next_place = e.next_place + 1 returning e.next_place - 1 into place;
    insert into candidate values (
      v_group.id, p_epoch, place, v_sender, p_id, p_commit, p_tree_hash, length(p_commit) + v_tree_size, p_now);
    woken := put_in_mailboxes(
      array_remove(v_audience, v_sender), v_sender, 4, v_group.id, p_id, p_commit, p_now, p_before, p_max_items, p_max_bytes, p_share);
  end if;
  update mls_group set
      greatest_epoch = greatest(greatest_epoch, p_epoch),
      group_info = coalesce(p_group_info, group_info),
      group_info_tree = case when p_group_info is null then group_info_tree else p_tree_hash end,
      group_info_by = case when p_group_info is null then group_info_by else v_account end,
      group_info_size = case when p_group_info is null then group_info_size else length(p_group_info) + v_tree_size end
    where id = v_group.id and (greatest_epoch < p_epoch or p_group_info is not null);
  for v_welcome, v_place in
    select d.id, w.place::integer
      from unnest(p_welcome_users, p_welcome_devices) with ordinality w (user_id, device_id, place)
      join account a on a.user_id = w.user_id
      join device d on d.account = a.id and d.device_id = w.device_id
      where d.id = any (v_joining)
      order by w.place
  loop
    -- Told apart as envelopes are, so that one that found no room can be delivered again as an envelope.
    continue when exists (select from seen
      where device = v_welcome and sender = v_sender and envelope_id = p_welcome_ids[v_place] and arrived_at > p_before);
    if cardinality(put_in_mailboxes(
        array[v_welcome], v_sender, 5, v_group.id, p_welcome_ids[v_place], p_welcome_contents[v_place],
        p_now, p_before, p_max_items, p_max_bytes, p_share)) > 0 then
      insert into seen values (v_welcome, v_sender, p_welcome_ids[v_place], p_now)
        on conflict (device, sender, envelope_id) do update set arrived_at = excluded.arrived_at;
      woken := woken || v_welcome;
    end if;
  end loop;

  -- The first candidate alone takes devices off; one from outside only its own user's. Whoever is welcomed is no longer removed.
  if place = 0 and length(p_commit) > 0 then
    update member m set removed_in = least(m.removed_in, p_epoch)
      from device d where d.id = any (v_removed) and (v_is_member or d.account = v_account)
      and m.mls_group = v_group.id and m.device = d.id and m.is_on_list;
  end if;
  insert into member as m (mls_group, device, is_on_list)
    select v_group.id, j, true from unnest(case when v_is_member and not v_is_new then v_joining else v_joining || v_sender end) j group by j
    on conflict (mls_group, device) do update set is_on_list = true, removed_in = null;
  insert into group_account select distinct v_group.id, d.account from device d where d.id = any (v_joining || v_sender)
    on conflict do nothing;
end
$$;

create function candidates(
  p_user text, p_device text, p_group bytea, p_from numeric, p_from_place integer, p_max integer, p_max_bytes bigint, p_before timestamptz)
returns table (epoch numeric, place integer, user_id text, device_id text, commit bytea)
language plpgsql stable rows 10 set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  return query
  with page as (
    select c.*, length(c.commit) as commit_size, sum(length(c.commit)) over (order by c.epoch, c.place) as total
      from mls_group g join candidate c on c.mls_group = g.id
      where g.group_id = p_group and (c.epoch > p_from or (c.epoch = p_from and c.place >= p_from_place))
        and (c.arrived_at > p_before or c.epoch = g.greatest_epoch)
        and exists (select from member m where m.mls_group = g.id and m.device = device_of(p_user, p_device))
      order by c.epoch, c.place limit p_max
  )
  select p.epoch, p.place, a.user_id, s.device_id, p.commit
    from page p join device s on s.id = p.sender join account a on a.id = s.account
    where p.total <= p_max_bytes or p.total = p.commit_size
    order by p.epoch, p.place;
end
$$;

create function group_info(p_user text, p_group bytea) returns bytea
language plpgsql stable set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  return (select g.group_info from mls_group g where g.group_id = p_group and exists (
    select from group_account m join account a on a.id = m.account where m.mls_group = g.id and a.user_id = p_user));
end
$$;

create function subscribe(p_user text, p_device text, p_group bytea, p_is_on_list boolean) returns void
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  update member m set is_on_list = p_is_on_list, removed_in = case when p_is_on_list then null else m.removed_in end
    from mls_group g where g.group_id = p_group and m.mls_group = g.id and m.device = device_of(p_user, p_device)
    and (m.is_on_list <> p_is_on_list or m.removed_in is not null);
end
$$;
