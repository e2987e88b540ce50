-- Phase 1, expand: new tables, columns, policies and functions. Drops nothing, changes no row of the app. Run indexes.sql
-- first, so that no lock is held while they are built. Waits a second at most for a table that the app holds; run again then.
-- Idempotent, one transaction, under the migration's advisory lock. Run as the owner of the legacy tables:
--   psql -v ON_ERROR_STOP=1 -f expand.sql
begin;
set local client_min_messages = warning;
select pg_catalog.pg_advisory_xact_lock(7309471230081);
set local lock_timeout = '1s';

-- Migration state ---------------------------------------------------------------------------------------------------------
create table if not exists public.e2e_migration_status (
  migration_name text primary key,
  status text not null check (status in ('in_progress', 'completed', 'failed', 'error')),
  phase text not null check (phase in ('expanded', 'wrapped', 'verified', 'contracted', 'rolled_back')),
  affected_records bigint not null default 0 check (affected_records >= 0),
  error_message text,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  completed_at timestamptz,
  check ((status = 'completed') = (completed_at is not null))
);
-- The operator's recovery public key: 0x01, then 32 bytes, so that nothing in this database has the shape of a bare key.
create table if not exists public.e2e_recovery_key (
  only_one boolean primary key default true check (only_one),
  public_key bytea not null check (octet_length(public_key) = 33),
  created_at timestamptz not null default now()
);
-- What the legacy tables' row level security was before this migration turned it on, and each right that it took away:
-- rollback gives back these and no others.
create table if not exists public.e2e_legacy_security (table_name text primary key, had_rls boolean not null);
create table if not exists public.e2e_legacy_rights (
  table_name text not null,
  column_name text not null default '',
  grantee oid not null,                                    -- 0: public
  privilege text not null,
  grantable boolean not null,
  primary key (table_name, column_name, grantee, privilege)
);
-- Indexes and constraints that go with the column that contract drops.
create table if not exists public.e2e_legacy_definitions (definition text primary key);
-- Members of direct conversations whose id does not name its two users; filled in by the operator before wrapping.
create table if not exists public.e2e_conversation_members (
  conversation_id text not null,
  user_id uuid not null references auth.users(id) on delete cascade,
  primary key (conversation_id, user_id)
);

-- Wrapped keys and sealed backups -----------------------------------------------------------------------------------------
create table if not exists public.conversation_keys (
  conversation_id text not null,
  recipient_id uuid not null references auth.users(id) on delete cascade,
  source_table text not null check (source_table in ('pulse_chat_keys', 'direct_message_keys')),
  source_id uuid not null,
  recipient_key_id text not null,
  recipient_key_digest uuid not null,                      -- of the listed key: another one under the same id is served apart
  key_id text not null,
  version integer not null default 1,
  sealed_key bytea not null,
  created_at timestamptz not null default now(),
  primary key (conversation_id, recipient_id, source_table, source_id, recipient_key_id, recipient_key_digest)
);
create index if not exists conversation_keys_recipient on public.conversation_keys (recipient_id, conversation_id);
create index if not exists conversation_keys_source on public.conversation_keys (source_table, source_id, recipient_id);
create table if not exists public.e2e_key_backup (
  source_table text not null,
  source_id uuid not null,
  sealed_row bytea not null,
  row_digest uuid,
  sealed_at timestamptz not null default now(),
  primary key (source_table, source_id)
);
create table if not exists public.e2e_wrap_problems (
  source_table text not null,
  source_id uuid not null,
  conversation_id text not null,
  user_id uuid references auth.users(id) on delete cascade,
  reason text not null,
  found_at timestamptz not null default now(),
  unique nulls not distinct (source_table, source_id, user_id)
);

-- Message migration -------------------------------------------------------------------------------------------------------
create table if not exists public.e2e_backup_keys (
  id uuid primary key,
  user_id uuid not null,
  sealed_key bytea not null,
  created_at timestamptz not null default now()
);
create table if not exists public.e2e_message_backup (
  conversation_id text not null,
  message_id uuid not null,
  source_table text not null check (source_table in ('direct_messages', 'chat_messages')),
  backup_key_id uuid not null,
  sealed_original bytea not null,
  primary key (conversation_id, message_id)
);
create table if not exists public.e2e_message_progress (
  user_id uuid not null,
  scope text not null,                                     -- 'direct', or the id of a pulse
  last_id uuid not null,
  updated_at timestamptz not null default now(),
  primary key (user_id, scope)
);
create table if not exists public.e2e_migrated_conversations (
  conversation_id text primary key,
  migrated_at timestamptz not null default now()
);

-- Key exchange and key directory ------------------------------------------------------------------------------------------
create table if not exists public.key_exchange_status (
  user_a uuid not null references auth.users(id) on delete cascade,
  user_b uuid not null references auth.users(id) on delete cascade,
  user_a_completed boolean not null default false,
  user_b_completed boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_a, user_b),
  check (user_a < user_b)
);
create index if not exists key_exchange_status_user_b on public.key_exchange_status (user_b);
-- 0x02, then the 32 bytes of the account's Ed25519 public key.
create table if not exists public.e2e_accounts (
  user_id text collate "C" primary key,
  account_key bytea not null check (octet_length(account_key) = 33)
);
create table if not exists public.e2e_devices (
  user_id text collate "C" not null references public.e2e_accounts(user_id) on delete cascade,
  device_id text collate "C" not null,
  identity_key bytea not null,
  certificate bytea not null,
  certificate_not_before timestamptz not null,
  signed_prekey bytea not null,
  signed_prekey_id bigint not null,
  last_one_time_id bigint not null default -1,
  primary key (user_id, device_id)
);
-- One-time pairs of the signed pair's generation: their ids are greater than its own.
create table if not exists public.e2e_one_time_prekeys (
  user_id text collate "C" not null,
  device_id text collate "C" not null,
  id bigint not null,
  prekey bytea not null,
  primary key (user_id, device_id, id),
  foreign key (user_id, device_id) references public.e2e_devices (user_id, device_id) on delete cascade
);

-- Metadata of pulse keys --------------------------------------------------------------------------------------------------
alter table public.pulse_chat_keys add column if not exists key_exchange_method text not null default 'legacy';
alter table public.pulse_chat_keys add column if not exists requires_key_derivation boolean not null default false;
alter table public.pulse_chat_keys add column if not exists migration_completed boolean not null default false;

-- Functions ---------------------------------------------------------------------------------------------------------------
create or replace function public.e2e_direct_conversation(a uuid, b uuid) returns text language sql immutable parallel safe as
$$ select 'dm_' || least(a, b) || '_' || greatest(a, b) $$;

-- A row of this migration's making: its format and its version. A legacy row may have any key_version.
create or replace function public.e2e_is_archived(key_version integer, metadata jsonb) returns boolean
language sql immutable parallel safe as
$$ select coalesce(key_version = 2 and metadata ->> 'format' = 'pulsemeet-e2e-archive', false) $$;

create or replace function public.e2e_row_version(content text, metadata jsonb, is_encrypted boolean) returns bytea
language sql immutable parallel safe as
$$ select pg_catalog.sha256(pg_catalog.convert_to(
     pg_catalog.length(content)::text || ':' || content || coalesce(metadata::text, '') || is_encrypted::text, 'UTF8')) $$;

-- The members of a conversation: the creator of a pulse and its participants, 'active' in some versions of the app and
-- 'joined' in others; the two users that the id of a direct conversation names.
create or replace function public.e2e_members(p_conversation text) returns setof uuid
language plpgsql stable rows 10 security definer set search_path = pg_catalog, pg_temp as $$
begin
  if p_conversation ~* '^dm_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return query select u.id from auth.users u
      where u.id in (substr(p_conversation, 4, 36)::uuid, substr(p_conversation, 41, 36)::uuid);
  elsif p_conversation ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    and exists (select from public.pulses p where p.id = p_conversation::uuid) then
    return query
      select p.creator_id from public.pulses p where p.id = p_conversation::uuid
      union select q.user_id from public.pulse_participants q
      where q.pulse_id = p_conversation::uuid and q.status in ('active', 'joined');
  else
    return query select c.user_id from public.e2e_conversation_members c where c.conversation_id = p_conversation;
  end if;
end $$;

create or replace function public.e2e_is_member(p_conversation text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select exists (select from public.e2e_members(p_conversation) as m(id) where m.id = auth.uid()) $$;

create or replace function public.e2e_my_pulses() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select p.id from public.pulses p where p.creator_id = auth.uid()
   union select q.pulse_id from public.pulse_participants q
   where q.user_id = auth.uid() and q.status in ('active', 'joined') $$;

-- A user's public keys that serve today; several rows may hold the same one.
create or replace function public.e2e_usable_keys(p_user uuid) returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select distinct u.public_key from public.user_public_keys u
  where u.user_id = p_user and u.is_active and u.algorithm = 'x25519' and (u.expires_at is null or u.expires_at > now())
    and u.public_key ~ '^[A-Za-z0-9+/]{43}=$'
$$;

-- Whether the messages of a conversation may be re-sealed: every member has a copy of every key, or the operator has named
-- the choice that some lose access (contract).
create or replace function public.e2e_may_reseal(p_conversation text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from public.e2e_migration_status s
      where s.migration_name = 'secure_key_exchange_v1' and s.phase = 'contracted')
    or not exists (select from public.e2e_wrap_problems p where p.conversation_id = p_conversation)
    and not exists (select from public.e2e_members(p_conversation) as m(id)
      where exists (select from public.conversation_keys w where w.conversation_id = p_conversation)
        and not exists (select from public.conversation_keys w
          where w.conversation_id = p_conversation and w.recipient_id = m.id))
$$;

create or replace function public.get_conversation_participants(p_conversation_id text)
returns table (user_id uuid, key_id text, public_key text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select m.id, k.key_id::text, k.public_key
  from public.e2e_members(p_conversation_id) as m(id)
  left join lateral (
    select u.key_id, u.public_key from public.user_public_keys u
    where u.user_id = m.id and u.is_active and (u.expires_at is null or u.expires_at > now())
      and u.public_key ~ '^[A-Za-z0-9+/]{43}=$'
    order by u.created_at desc, u.id limit 1) k on true
  where public.e2e_is_member(p_conversation_id) or current_setting('role', true) = 'service_role'
$$;

create or replace function public.can_establish_secure_communication(p_first uuid, p_second uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p_first <> p_second
    and (auth.uid() in (p_first, p_second) or current_setting('role', true) = 'service_role')
    and 2 = (select count(distinct u.user_id) from public.user_public_keys u
      where u.user_id in (p_first, p_second) and u.is_active and (u.expires_at is null or u.expires_at > now())
        and u.public_key ~ '^[A-Za-z0-9+/]{43}=$')
$$;

create or replace function public.is_migration_completed() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select exists (select from public.e2e_migration_status
     where migration_name = 'secure_key_exchange_v1' and status = 'completed') $$;

-- Completion is set by the side that it concerns, and by nobody else, whatever role it has.
create or replace function public.e2e_guard_key_exchange() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' and (new.user_a, new.user_b) is distinct from (old.user_a, old.user_b) then
    raise exception 'the pair of a key exchange does not change' using errcode = '42501';
  end if;
  if new.user_a_completed is distinct from (case when tg_op = 'UPDATE' then old.user_a_completed else false end)
     and auth.uid() is distinct from new.user_a
  or new.user_b_completed is distinct from (case when tg_op = 'UPDATE' then old.user_b_completed else false end)
     and auth.uid() is distinct from new.user_b then
    raise exception 'only the side that it concerns completes a key exchange' using errcode = '42501';
  end if;
  new.updated_at := now();
  return new;
end $$;
create or replace trigger e2e_guard_key_exchange before insert or update on public.key_exchange_status
  for each row execute function public.e2e_guard_key_exchange();

-- A prekey is claimed exactly once: whoever deletes the row has it, and rows that others are claiming are passed over.
create or replace function public.e2e_claim_bundle(p_user text, p_device text)
returns table (certificate bytea, signed_prekey bytea, one_time_prekey bytea)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- No publication comes between: the pair has to be of the signed pair's generation.
  select d.certificate, d.signed_prekey into certificate, signed_prekey
    from public.e2e_devices d where d.user_id = p_user and d.device_id = p_device for share;
  if not found then
    return;
  end if;
  with next as materialized (
    select p.user_id, p.device_id, p.id from public.e2e_one_time_prekeys p
    where p.user_id = p_user and p.device_id = p_device order by p.id limit 1 for update skip locked)
  delete from public.e2e_one_time_prekeys p using next n
    where (p.user_id, p.device_id, p.id) = (n.user_id, n.device_id, n.id)
    returning p.prekey into one_time_prekey;
  return next;
end $$;

create or replace function public.e2e_count_prekeys(p_user text, p_device text)
returns table (one_time integer, certificate bytea, signed_prekey bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select (select count(*)::integer from public.e2e_one_time_prekeys where user_id = p_user and device_id = p_device),
         d.certificate, d.signed_prekey
  from public.e2e_devices d where d.user_id = p_user and d.device_id = p_device
$$;

create or replace function public.e2e_recovery_public_key() returns bytea
language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select public_key from public.e2e_recovery_key $$;

create or replace function public.e2e_begin_backup_key(p_id uuid, p_sealed bytea) returns void
language sql security definer set search_path = pg_catalog, pg_temp as
$$ insert into public.e2e_backup_keys (id, user_id, sealed_key)
   select p_id, auth.uid(), p_sealed where octet_length(p_sealed) between 1 and 256 $$;

-- Writes re-sealed messages back, each only if its row is as it was read, with the sealed original in the backup. A row that
-- somebody else is writing is passed over. Returns the ids that were written.
create or replace function public.e2e_reseal_direct(
  p_backup_key uuid, p_ids uuid[], p_versions bytea[], p_contents text[], p_backups bytea[]) returns setof uuid
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with work as materialized (
    select * from unnest(p_ids, p_versions, p_contents, p_backups) as w(id, version, content, backup)),
  locked as materialized (
    select m.id, public.e2e_direct_conversation(m.sender_id, m.receiver_id) as conversation_id, w.version, w.content, w.backup
    from public.direct_messages m join work w on w.id = m.id
    where auth.uid() in (m.sender_id, m.receiver_id) and not public.e2e_is_archived(m.key_version, m.encryption_metadata)
      and public.e2e_row_version(m.content, m.encryption_metadata, m.is_encrypted) = w.version
      and exists (select from public.e2e_backup_keys b where b.id = p_backup_key and b.user_id = auth.uid())
    for update of m skip locked),
  saved as (
    insert into public.e2e_message_backup (conversation_id, message_id, source_table, backup_key_id, sealed_original)
    select l.conversation_id, l.id, 'direct_messages', p_backup_key, l.backup from locked l
    on conflict (conversation_id, message_id) do nothing)
  update public.direct_messages m set content = l.content, is_encrypted = true, key_version = 2,
    encryption_metadata = '{"format":"pulsemeet-e2e-archive","version":1}'
  from locked l where m.id = l.id
  returning m.id
$$;

create or replace function public.e2e_reseal_chat(
  p_backup_key uuid, p_ids uuid[], p_versions bytea[], p_contents text[], p_backups bytea[], p_archive_key uuid)
returns setof uuid language sql security definer set search_path = pg_catalog, pg_temp as $$
  with work as materialized (
    select * from unnest(p_ids, p_versions, p_contents, p_backups) as w(id, version, content, backup)),
  locked as materialized (
    select m.id, m.pulse_id::text as conversation_id, w.version, w.content, w.backup
    from public.chat_messages m join work w on w.id = m.id
    where m.pulse_id in (select public.e2e_my_pulses()) and not public.e2e_is_archived(m.key_version, m.encryption_metadata)
      and public.e2e_may_reseal(m.pulse_id::text)
      and public.e2e_row_version(m.content, m.encryption_metadata, m.is_encrypted) = w.version
      and exists (select from public.e2e_backup_keys b where b.id = p_backup_key and b.user_id = auth.uid())
    for update of m skip locked),
  saved as (
    insert into public.e2e_message_backup (conversation_id, message_id, source_table, backup_key_id, sealed_original)
    select l.conversation_id, l.id, 'chat_messages', p_backup_key, l.backup from locked l
    on conflict (conversation_id, message_id) do nothing)
  update public.chat_messages m set content = l.content, is_encrypted = true, key_version = 2,
    encryption_metadata = jsonb_build_object('format', 'pulsemeet-e2e-archive', 'version', 1, 'archive_key', p_archive_key)
  from locked l where m.id = l.id
  returning m.id
$$;

-- Closes a conversation to the legacy formats; what no key opened stays as it is. A direct one only where both sides can read
-- what is re-sealed, a pulse only by its creator, and either only once something in it has been re-sealed.
create or replace function public.e2e_mark_migrated(p_conversation text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if p_conversation ~ '^dm_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    insert into public.e2e_migrated_conversations (conversation_id)
    select p_conversation
    from (select substr(p_conversation, 4, 36)::uuid as a, substr(p_conversation, 41, 36)::uuid as b) d
    where auth.uid() in (d.a, d.b) and p_conversation = public.e2e_direct_conversation(d.a, d.b)
      and exists (select from public.e2e_usable_keys(d.a)) and exists (select from public.e2e_usable_keys(d.b))
      and exists (select from public.e2e_message_backup m where m.conversation_id = p_conversation)
    on conflict do nothing;
  elsif p_conversation ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    insert into public.e2e_migrated_conversations (conversation_id)
    select p_conversation from public.pulses p
    where p.id = p_conversation::uuid and p.creator_id = auth.uid()
      and exists (select from public.e2e_message_backup m where m.conversation_id = p_conversation)
    on conflict do nothing;
  end if;
end $$;

-- After contract every conversation is closed: a legacy message would have no key but the ones that are gone.
create or replace function public.e2e_is_closed(p_conversation text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from public.e2e_migrated_conversations c where c.conversation_id = p_conversation)
    or public.is_migration_completed()
$$;

-- Runs as whoever writes, so that only the table's owner may say that it is restoring.
create or replace function public.e2e_refuse_legacy() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  conversation text := case when tg_table_name = 'chat_messages' then to_jsonb(new) ->> 'pulse_id'
    else public.e2e_direct_conversation((to_jsonb(new) ->> 'sender_id')::uuid, (to_jsonb(new) ->> 'receiver_id')::uuid) end;
begin
  if current_setting('pulsemeet_e2e.restoring', true) = 'on'
    and pg_has_role(current_user, (select c.relowner from pg_class c where c.oid = tg_relid), 'member') then
    return new;
  end if;
  if public.e2e_is_closed(conversation) then
    raise exception 'the conversation is migrated: a message in a legacy format is refused' using errcode = '42501';
  end if;
  return new;
end $$;
create or replace trigger e2e_refuse_legacy before insert or update of content, encryption_metadata, is_encrypted, key_version
  on public.direct_messages for each row when (not public.e2e_is_archived(new.key_version, new.encryption_metadata))
  execute function public.e2e_refuse_legacy();
create or replace trigger e2e_refuse_legacy before insert or update of content, encryption_metadata, is_encrypted, key_version
  on public.chat_messages for each row when (not public.e2e_is_archived(new.key_version, new.encryption_metadata))
  execute function public.e2e_refuse_legacy();

-- The checks behind verify and contract. A row for each check; nothing is dropped while one of the first four is not 0.
create or replace function public.e2e_check() returns table (check_name text, failures bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  source text;
  conversation text;
begin
  foreach source in array array['pulse_chat_keys', 'direct_message_keys', 'pulse_chat_keys_backup', 'direct_message_keys_backup']
  loop
    if not exists (select from information_schema.columns c
      where c.table_schema = 'public' and c.table_name = source and c.column_name = 'symmetric_key') then
      continue;
    end if;
    check_name := source || ' without a current sealed backup';
    execute format($q$ select count(*) from public.%I k where not exists (select from public.e2e_key_backup b
      where b.source_table = %L and b.source_id = k.id and b.row_digest = public.e2e_key_digest(to_jsonb(k))) $q$, source, source)
      into failures;
    return next;
    if source like '%backup' then
      continue;
    end if;
    conversation := case source when 'pulse_chat_keys' then 'pulse_id::text' else 'conversation_id' end;
    check_name := source || ' without a wrapped copy for a member';
    execute format($q$ select count(*) from public.%I k cross join lateral public.e2e_key_members(k.%s, k.created_by) as m(id)
      where not exists (select from public.conversation_keys w
        join public.user_public_keys u on u.user_id = w.recipient_id and u.key_id = w.recipient_key_id
          and w.recipient_key_digest = public.e2e_public_key_digest(u.public_key) and u.is_active and (u.expires_at is null or u.expires_at > now())
        where w.source_table = %L and w.source_id = k.id and w.recipient_id = m.id)
      and not exists (select from public.e2e_wrap_problems p
        where p.source_table = %L and p.source_id = k.id and p.user_id = m.id) $q$,
      source, conversation, source, source) into failures;
    return next;
  end loop;
  check_name := 'members who would lose access';
  select count(*) into failures from public.e2e_wrap_problems p;
  return next;
end $$;

-- The members of the conversation; for one whose id names no users, its listed members and who made the key.
create or replace function public.e2e_key_members(p_conversation text, p_created_by uuid) returns setof uuid
language sql stable rows 10 security definer set search_path = pg_catalog, pg_temp as $$
  select * from public.e2e_members(p_conversation)
  union select p_created_by where p_conversation !~ '^dm_' and not exists (select from public.pulses p
    where p.id = case when p_conversation ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p_conversation::uuid end)
$$;

-- Tells one listed public key from another; the listed text as it stands, not what it may decode to.
create or replace function public.e2e_public_key_digest(p_public_key text) returns uuid
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$ select md5(p_public_key)::uuid $$;

-- What a key row held when it was sealed, without the columns that the migration itself adds.
create or replace function public.e2e_key_digest(p_row jsonb) returns uuid language sql immutable as
$$ select pg_catalog.md5((p_row - '{key_exchange_method,requires_key_derivation,migration_completed}'::text[])::text)::uuid $$;

-- Row level security and grants -------------------------------------------------------------------------------------------
do $$
declare
  name text;
  routine regprocedure;
begin
  foreach name in array array['e2e_migration_status', 'e2e_recovery_key', 'e2e_legacy_security', 'e2e_legacy_rights',
    'e2e_legacy_definitions', 'e2e_conversation_members',
    'conversation_keys', 'e2e_key_backup', 'e2e_wrap_problems', 'e2e_backup_keys', 'e2e_message_backup',
    'e2e_message_progress', 'e2e_migrated_conversations', 'key_exchange_status', 'e2e_accounts', 'e2e_devices',
    'e2e_one_time_prekeys'] loop
    execute format('alter table public.%I enable row level security', name);
    execute format('revoke all on public.%I from public, anon, authenticated', name);
    execute format('grant select, insert, update, delete on public.%I to service_role', name);
  end loop;
  for routine in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'public' and (p.proname like 'e2e\_%' or p.proname in
      ('can_establish_secure_communication', 'get_conversation_participants', 'is_migration_completed')) loop
    execute format('revoke all on function %s from public, anon, authenticated', routine);
    execute format('grant execute on function %s to service_role', routine);
  end loop;
  -- The legacy tables: where nothing protected them, their rows are for those they concern. TRUNCATE knows no rows.
  foreach name in array array['pulses', 'pulse_participants', 'user_public_keys', 'pulse_chat_keys', 'direct_message_keys',
    'direct_messages', 'chat_messages', 'pulse_chat_keys_backup', 'direct_message_keys_backup'] loop
    if to_regclass('public.' || name) is null then
      continue;
    end if;
    insert into public.e2e_legacy_security select name, c.relrowsecurity from pg_class c
      where c.oid = to_regclass('public.' || name) on conflict do nothing;
    insert into public.e2e_legacy_rights (table_name, grantee, privilege, grantable)
      select name, a.grantee, a.privilege_type, bool_or(a.is_grantable) from pg_class c
      cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
      left join pg_roles r on r.oid = a.grantee
      where c.oid = to_regclass('public.' || name) and a.grantee <> c.relowner
        and (r.rolname = 'anon'
          or (a.grantee = 0 or r.rolname = 'authenticated')
            and (a.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER') or name like '%backup'))
      group by 1, 2, 3 on conflict do nothing;
    insert into public.e2e_legacy_rights (table_name, column_name, grantee, privilege, grantable)
      select name, t.attname, a.grantee, a.privilege_type, bool_or(a.is_grantable) from pg_attribute t
      cross join lateral aclexplode(t.attacl) a left join pg_roles r on r.oid = a.grantee
      where t.attrelid = to_regclass('public.' || name) and not t.attisdropped
        and (r.rolname = 'anon' or (a.grantee = 0 or r.rolname = 'authenticated')
          and (a.privilege_type = 'REFERENCES' or name like '%backup'))
      group by 1, 2, 3, 4 on conflict do nothing;
    execute format('revoke truncate, references, trigger on public.%I from public, anon, authenticated', name);
    execute format('revoke all on public.%I from anon', name);
    if name like '%backup' then
      execute format('revoke all on public.%I from public, authenticated', name);
    end if;
    if not (select c.relrowsecurity from pg_class c where c.oid = to_regclass('public.' || name)) then
      execute format('alter table public.%I enable row level security', name);
    end if;
  end loop;
end $$;

grant execute on function public.e2e_my_pulses(), public.e2e_is_member(text), public.get_conversation_participants(text),
  public.can_establish_secure_communication(uuid, uuid), public.is_migration_completed(),
  public.e2e_direct_conversation(uuid, uuid), public.e2e_row_version(text, jsonb, boolean),
  public.e2e_claim_bundle(text, text), public.e2e_count_prekeys(text, text), public.e2e_recovery_public_key(),
  public.e2e_begin_backup_key(uuid, bytea), public.e2e_reseal_direct(uuid, uuid[], bytea[], text[], bytea[]),
  public.e2e_reseal_chat(uuid, uuid[], bytea[], text[], bytea[], uuid), public.e2e_mark_migrated(text),
  public.e2e_is_archived(integer, jsonb), public.e2e_is_closed(text), public.e2e_may_reseal(text),
  public.e2e_usable_keys(uuid) to authenticated;
grant select on public.conversation_keys, public.e2e_migrated_conversations, public.e2e_one_time_prekeys to authenticated;
grant select, insert, update on public.key_exchange_status to authenticated;
grant select, insert, update, delete on public.e2e_message_progress to authenticated;
grant select, insert on public.e2e_accounts to authenticated;
grant select, insert, update, delete on public.e2e_devices to authenticated;
grant insert, delete on public.e2e_one_time_prekeys to authenticated;

drop policy if exists e2e_own on public.conversation_keys;
create policy e2e_own on public.conversation_keys for select to authenticated using (recipient_id = (select auth.uid()));
drop policy if exists e2e_read on public.e2e_migrated_conversations;
create policy e2e_read on public.e2e_migrated_conversations for select to authenticated
  using (public.e2e_is_member(conversation_id));
drop policy if exists e2e_own on public.e2e_message_progress;
create policy e2e_own on public.e2e_message_progress to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
drop policy if exists e2e_pair on public.key_exchange_status;
create policy e2e_pair on public.key_exchange_status to authenticated
  using ((select auth.uid()) in (user_a, user_b)) with check ((select auth.uid()) in (user_a, user_b));
drop policy if exists e2e_read on public.e2e_accounts;
create policy e2e_read on public.e2e_accounts for select to authenticated using (true);
drop policy if exists e2e_own on public.e2e_accounts;
create policy e2e_own on public.e2e_accounts for insert to authenticated with check (user_id = (select auth.uid())::text);
drop policy if exists e2e_read on public.e2e_devices;
create policy e2e_read on public.e2e_devices for select to authenticated using (true);
drop policy if exists e2e_insert on public.e2e_devices;
create policy e2e_insert on public.e2e_devices for insert to authenticated with check (user_id = (select auth.uid())::text);
drop policy if exists e2e_update on public.e2e_devices;
create policy e2e_update on public.e2e_devices for update to authenticated
  using (user_id = (select auth.uid())::text) with check (user_id = (select auth.uid())::text);
drop policy if exists e2e_delete on public.e2e_devices;
create policy e2e_delete on public.e2e_devices for delete to authenticated using (user_id = (select auth.uid())::text);
drop policy if exists e2e_own on public.e2e_one_time_prekeys;
create policy e2e_own on public.e2e_one_time_prekeys to authenticated
  using (user_id = (select auth.uid())::text) with check (user_id = (select auth.uid())::text);

-- Policies on a legacy table are added only where the platform had none of its own.
create or replace function pg_temp.legacy_policy(p_table text, p_name text, p_definition text) returns void
language plpgsql as $$
begin
  if exists (select from public.e2e_legacy_security s where s.table_name = p_table and not s.had_rls) then
    execute format('drop policy if exists %I on public.%I', p_name, p_table);
    execute format('create policy %I on public.%I %s', p_name, p_table, p_definition);
  end if;
end $$;
select pg_temp.legacy_policy(t, n, d) from (values
  ('pulses', 'e2e_read', 'for select to authenticated using (true)'),
  ('pulses', 'e2e_own', 'to authenticated using (creator_id = (select auth.uid())) with check (creator_id = (select auth.uid()))'),
  ('pulse_participants', 'e2e_read', 'for select to authenticated using (user_id = (select auth.uid()) or pulse_id in (select public.e2e_my_pulses()))'),
  ('pulse_participants', 'e2e_own', 'to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()))'),
  ('user_public_keys', 'e2e_read', 'for select to authenticated using (true)'),
  ('user_public_keys', 'e2e_own', 'to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()))'),
  ('pulse_chat_keys', 'e2e_read', 'for select to authenticated using (pulse_id in (select public.e2e_my_pulses()))'),
  ('pulse_chat_keys', 'e2e_insert', 'for insert to authenticated with check (created_by = (select auth.uid()) and pulse_id in (select public.e2e_my_pulses()))'),
  ('direct_message_keys', 'e2e_read', 'for select to authenticated using (public.e2e_is_member(conversation_id) or created_by = (select auth.uid()))'),
  ('direct_message_keys', 'e2e_insert', 'for insert to authenticated with check (created_by = (select auth.uid()))'),
  ('direct_messages', 'e2e_read', 'for select to authenticated using (sender_id = (select auth.uid()) or receiver_id = (select auth.uid()))'),
  ('direct_messages', 'e2e_insert', 'for insert to authenticated with check (sender_id = (select auth.uid()))'),
  ('direct_messages', 'e2e_update', 'for update to authenticated using ((select auth.uid()) in (sender_id, receiver_id)) with check ((select auth.uid()) in (sender_id, receiver_id))'),
  ('direct_messages', 'e2e_delete', 'for delete to authenticated using (sender_id = (select auth.uid()))'),
  ('chat_messages', 'e2e_read', 'for select to authenticated using (pulse_id in (select public.e2e_my_pulses()))'),
  ('chat_messages', 'e2e_insert', 'for insert to authenticated with check (sender_id = (select auth.uid()) and pulse_id in (select public.e2e_my_pulses()))'),
  ('chat_messages', 'e2e_update', 'for update to authenticated using (sender_id = (select auth.uid())) with check (sender_id = (select auth.uid()))'),
  ('chat_messages', 'e2e_delete', 'for delete to authenticated using (sender_id = (select auth.uid()))')
) as v(t, n, d) where to_regclass('public.' || t) is not null;
drop function pg_temp.legacy_policy(text, text, text);

insert into public.e2e_migration_status (migration_name, status, phase) values ('secure_key_exchange_v1', 'in_progress', 'expanded')
on conflict (migration_name) do update
  set status = 'in_progress', phase = 'expanded', error_message = null, updated_at = now(), started_at = now(), affected_records = 0
  where e2e_migration_status.phase = 'rolled_back';
commit;
