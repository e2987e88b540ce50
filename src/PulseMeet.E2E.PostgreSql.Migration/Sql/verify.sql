-- Phase 3, verify: every key has a current sealed backup, and every member of its conversation a wrapped copy or a listed
-- reason why not. Changes nothing but the migration's status. Idempotent, one transaction, under the advisory lock.
begin;
set local client_min_messages = warning;
select pg_catalog.pg_advisory_xact_lock(7309471230081);
do $$
declare
  problem record;
begin
  if to_regclass('public.e2e_migration_status') is null then
    raise exception 'not verified: the migration has not begun; run: pulsemeet-e2e migrate --to verify' using errcode = 'P0E01';
  end if;
  for problem in select * from public.e2e_check() c where c.failures > 0 and c.check_name <> 'members who would lose access' loop
    raise exception 'not verified: % (%); run: pulsemeet-e2e migrate --to verify', problem.check_name, problem.failures using errcode = 'P0E01';
  end loop;
  update public.e2e_migration_status set phase = 'verified', updated_at = now()
    where migration_name = 'secure_key_exchange_v1' and phase in ('wrapped', 'verified');
  if not found and not exists (select from public.e2e_migration_status
    where migration_name = 'secure_key_exchange_v1' and phase = 'contracted') then
    raise exception 'not verified: the keys are not wrapped yet; run: pulsemeet-e2e migrate --to verify' using errcode = 'P0E01';
  end if;
end $$;
commit;
