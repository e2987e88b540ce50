-- Rollback, the part before the rows: gives the legacy tables their columns back. The rows come from the sealed backup, which
-- only the holder of the recovery private key can open: `pulsemeet-e2e rollback` runs this file, the rows and
-- rollback-finish.sql in one transaction of its own.
set local client_min_messages = warning;
select pg_catalog.pg_advisory_xact_lock(7309471230081);
set local lock_timeout = '5s';
alter table public.pulse_chat_keys add column if not exists symmetric_key text;
do $$ begin
  if to_regclass('pulsemeet_e2e_retired.direct_message_keys') is not null then
    alter table pulsemeet_e2e_retired.direct_message_keys set schema public;
    drop schema pulsemeet_e2e_retired;
  end if;
end $$;
