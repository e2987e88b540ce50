-- Phase 4, contract: the plaintext keys go. Refused unless everything verifies again in this very transaction, with the key
-- tables locked, and while any member would lose access, unless the operator names that choice in the same session:
--   set pulsemeet_e2e.accept_loss = 'on';
-- Idempotent, one transaction, under the advisory lock. The status becomes completed here and nowhere else.
begin;
set local client_min_messages = warning;
select pg_catalog.pg_advisory_xact_lock(7309471230081);
set local lock_timeout = '1s';
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
      raise exception 'not contracted: % member(s) or key(s) would lose access, listed by the command report; --accept-loss names that choice', problem.failures using errcode = 'P0E03';
    end if;
  end loop;
  update public.pulse_chat_keys
    set key_exchange_method = 'hpke', requires_key_derivation = true, migration_completed = true;

  -- What goes with the column: its own rights, indexes and constraints, which rollback makes again.
  insert into public.e2e_legacy_rights (table_name, column_name, grantee, privilege, grantable)
    select 'pulse_chat_keys', 'symmetric_key', a.grantee, a.privilege_type, bool_or(a.is_grantable) from pg_attribute t
    cross join lateral aclexplode(t.attacl) a
    where t.attrelid = 'public.pulse_chat_keys'::regclass and t.attname = 'symmetric_key'
    group by 1, 2, 3, 4 on conflict do nothing;
  insert into public.e2e_legacy_definitions
    select pg_get_indexdef(i.indexrelid) from pg_index i join pg_attribute t on t.attrelid = i.indrelid
      and t.attname = 'symmetric_key'
    where i.indrelid = 'public.pulse_chat_keys'::regclass
      and exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
        and d.refclassid = 'pg_class'::regclass and d.refobjid = t.attrelid and d.refobjsubid = t.attnum)
      and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
    union select format('alter table public.pulse_chat_keys add constraint %I %s', c.conname, pg_get_constraintdef(c.oid))
    from pg_constraint c join pg_attribute t on t.attrelid = c.conrelid and t.attname = 'symmetric_key'
      and t.attnum = any(c.conkey)
    where c.conrelid = 'public.pulse_chat_keys'::regclass and c.contype in ('c', 'u')
    on conflict do nothing;
  alter table public.pulse_chat_keys drop column symmetric_key;

  -- The emptied table waits out of everybody's reach, with its policies, indexes and rights, until the backups are dropped.
  if to_regclass('public.direct_message_keys') is not null then
    truncate public.direct_message_keys;
    create schema if not exists pulsemeet_e2e_retired;
    revoke all on schema pulsemeet_e2e_retired from public;
    alter table public.direct_message_keys set schema pulsemeet_e2e_retired;
  end if;
  drop table if exists public.pulse_chat_keys_backup, public.direct_message_keys_backup;
  update public.e2e_migration_status set phase = 'contracted', status = 'completed', completed_at = now(), updated_at = now(),
    error_message = null, affected_records = (select count(*) from public.e2e_key_backup)
    where migration_name = 'secure_key_exchange_v1';
  update public.e2e_key_backup set row_digest = null;
end $$;
commit;
