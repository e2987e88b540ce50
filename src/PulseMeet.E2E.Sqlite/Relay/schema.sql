-- The relay's tables. Times are ticks (100 ns since year 1), epochs 8 bytes big endian, so that they compare as bytes.
create table account (
  id integer primary key,
  user_id text not null unique,
  account_key blob,
  list_number integer,
  device_list blob,
  recovery_copy blob
);
-- A device that was heard of, and its mailbox. Rows stay, so that an item's id is never given twice.
create table device (
  id integer primary key,
  account integer not null references account,
  device_id text not null,
  is_listed integer not null default 0,
  next_item integer not null default 1,
  items integer not null default 0,
  bytes integer not null default 0,
  highest_revision integer not null default 0,
  identity blob,
  unique (account, device_id)
);
-- What one sending user has in a mailbox.
create table share (
  device integer not null,
  account integer not null,
  items integer not null,
  bytes integer not null,
  primary key (device, account)
) without rowid;
-- A content that lies in several mailboxes.
create table body (
  id integer primary key,
  content blob not null
);
create table item (
  device integer not null,
  id integer not null,
  kind integer not null,
  sender integer not null,
  mls_group integer,
  envelope_id blob not null,
  arrived_at integer not null,
  size integer not null,
  body integer not null,
  primary key (device, id)
) without rowid;
create index item_age on item (arrived_at);
create index item_body on item (body);
-- Which envelopes came, also after they were acknowledged.
create table seen (
  device integer not null,
  sender integer not null,
  envelope_id blob not null,
  arrived_at integer not null,
  primary key (device, sender, envelope_id)
) without rowid;
create index seen_age on seen (arrived_at);

create table mls_group (
  id integer primary key,
  group_id blob not null unique,
  greatest_epoch blob not null,
  created_by integer not null,
  created_with blob not null,
  group_info blob,
  group_info_tree blob,
  group_info_by integer,
  group_info_size integer
);
create table member (
  mls_group integer not null,
  device integer not null,
  is_on_list integer not null,
  removed_in blob,
  primary key (mls_group, device)
) without rowid;
create index member_device on member (device);
-- Users of whom a device is or was on the list, also where that device is gone.
create table group_account (
  mls_group integer not null,
  account integer not null,
  primary key (mls_group, account)
) without rowid;
-- The places of an epoch are counted on, also when its candidates are past their age.
create table epoch_place (
  mls_group integer not null,
  epoch blob not null,
  next_place integer not null,
  primary key (mls_group, epoch)
) without rowid;
create table candidate (
  mls_group integer not null,
  epoch blob not null,
  place integer not null,
  sender integer not null,
  id blob not null,
  content blob not null,
  tree_hash blob,
  size integer not null,
  arrived_at integer not null,
  primary key (mls_group, epoch, place),
  unique (mls_group, sender, id)
);
create index candidate_age on candidate (arrived_at);
create index candidate_tree on candidate (tree_hash);
create index group_info_tree on mls_group (group_info_tree);
-- What one user has offered and is kept, in all groups: candidates and group infos, with the trees that they name.
create table offered (
  account integer primary key,
  items integer not null,
  bytes integer not null
);
create table tree (
  hash blob primary key,
  content blob not null
);
create table group_message (
  mls_group integer not null,
  sender integer not null,
  id blob not null,
  arrived_at integer not null,
  primary key (mls_group, sender, id)
) without rowid;
create index group_message_age on group_message (arrived_at);

create table publication (
  device integer primary key,
  certificate blob not null,
  signed_pair blob not null,
  signed_id integer not null,
  not_after integer not null,
  hash blob not null
);
-- What was handed out stays as a row without content, so that it is never taken again.
create table one_time_pair (
  device integer not null,
  id integer not null,
  content blob,
  primary key (device, id)
) without rowid;
create index one_time_pair_left on one_time_pair (device, id) where content is not null;
create table key_package (
  place integer primary key,
  device integer not null,
  hash blob not null,
  content blob,
  unique (device, hash)
);
create index key_package_left on key_package (device, place) where content is not null;
create table last_resort_key_package (
  device integer primary key,
  content blob not null
);
-- Media files lie here whole, in the parts that they came in.
create table media (
  id integer primary key,
  media_id blob not null unique,
  account integer not null,
  length integer not null,
  received integer not null default 0,
  begun_at integer not null
);
create index media_account on media (account);
create index media_unfinished on media (begun_at) where received < length;
create table media_part (
  media integer not null,
  start integer not null,
  content blob not null,
  primary key (media, start)
);
create table link_answer (
  account integer not null,
  request_id blob not null,
  answer blob not null,
  arrived_at integer not null,
  primary key (account, request_id)
) without rowid;
