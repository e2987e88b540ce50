-- Phase 4, contract: the plaintext keys go. Refused unless everything verifies again in this very transaction, with the key
-- tables locked, and while any member would lose access, unless the operator names that choice in the same session:
--   set pulsemeet_e2e.accept_loss = 'on';
-- Idempotent, one transaction, under the advisory lock. The status becomes completed here and nowhere else.
begin;
set local client_min_messages = warning;
select pg_catalog.pg_advisory_xact_lock(7309471230081);
do $$
declare
  problem record;
  name text;
begin
  if exists (select from public.e2e_migration_status
    where migration_name = 'secure_key_exchange_v1' and phase = 'contracted') then
    return;
  end if;
  if not exists (select from public.e2e_migration_status
    where migration_name = 'secure_key_exchange_v1' and phase = 'verified') then
    raise exception 'not contracted: the wrapped keys are not verified yet' using errcode = 'P0E02';
  end if;
  foreach name in array array['pulse_participants', 'pulse_chat_keys', 'direct_message_keys', 'pulse_chat_keys_backup',
    'direct_message_keys_backup'] loop
    if to_regclass('public.' || name) is not null then
      execute format('lock table public.%I in access exclusive mode', name);
    end if;
  end loop;
  for problem in select * from public.e2e_check() c where c.failures > 0 loop
    if problem.check_name <> 'members who would lose access' then
      raise exception 'not contracted: % (%)', problem.check_name, problem.failures using errcode = 'P0E02';
    elsif current_setting('pulsemeet_e2e.accept_loss', true) is distinct from 'on' then
      raise exception 'not contracted: % member(s) would lose access to a key', problem.failures using errcode = 'P0E03';
    end if;
  end loop;
  update public.pulse_chat_keys
    set key_exchange_method = 'hpke', requires_key_derivation = true, migration_completed = true;
  alter table public.pulse_chat_keys drop column symmetric_key;
  drop table if exists public.direct_message_keys, public.pulse_chat_keys_backup, public.direct_message_keys_backup;
  update public.e2e_migration_status set phase = 'contracted', status = 'completed', completed_at = now(), updated_at = now(),
    error_message = null, affected_records = (select count(*) from public.e2e_key_backup)
    where migration_name = 'secure_key_exchange_v1';
  update public.e2e_key_backup set row_digest = null;
end $$;
commit;
