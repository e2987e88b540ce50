-- Rollback, the part before the rows: gives the legacy tables their columns back. The rows come from the sealed backup, which
-- only the holder of the recovery private key can open: `pulsemeet-e2e rollback` runs this file, the rows and
-- rollback-finish.sql in one transaction of its own.
set local client_min_messages = warning;
select pg_catalog.pg_advisory_xact_lock(7309471230081);
alter table public.pulse_chat_keys add column if not exists symmetric_key text;
create table if not exists public.direct_message_keys (
  id uuid primary key default gen_random_uuid(),
  conversation_id varchar(255) not null,
  key_id varchar(255) not null unique,
  symmetric_key text not null,
  created_by uuid not null references auth.users(id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  version integer default 1,
  is_active boolean default true
);
grant all on public.direct_message_keys to authenticated, service_role;
