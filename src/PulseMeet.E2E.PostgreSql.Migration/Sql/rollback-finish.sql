-- Rollback, the part after the rows. A pulse key made after contract was never in the clear and has no plaintext to restore:
-- its row is refused by the legacy NOT NULL, so it goes; the wrapped copies of it are of no use to the legacy app.
delete from public.pulse_chat_keys where symmetric_key is null;
alter table public.pulse_chat_keys alter column symmetric_key set not null;
alter table public.pulse_chat_keys drop column if exists key_exchange_method, drop column if exists requires_key_derivation,
  drop column if exists migration_completed;
drop trigger if exists e2e_refuse_legacy on public.direct_messages;
drop trigger if exists e2e_refuse_legacy on public.chat_messages;
drop index if exists public.e2e_direct_messages_sender, public.e2e_direct_messages_receiver, public.e2e_chat_messages_pulse;
do $$
declare
  had record;
  policy record;
begin
  for had in select s.table_name, s.had_rls from public.e2e_legacy_security s
    where to_regclass('public.' || s.table_name) is not null and not s.had_rls loop
    for policy in select p.policyname from pg_policies p
      where p.schemaname = 'public' and p.tablename = had.table_name and p.policyname like 'e2e\_%' loop
      execute format('drop policy %I on public.%I', policy.policyname, had.table_name);
    end loop;
    execute format('alter table public.%I disable row level security', had.table_name);
  end loop;
  for had in select r.* from public.e2e_legacy_rights r
    where to_regclass('public.' || r.table_name) is not null
      and (r.grantee = 0 or exists (select from pg_roles p where p.oid = r.grantee)) loop
    execute format('grant %s%s on public.%I to %s%s', had.privilege,
      case when had.column_name = '' then '' else format(' (%I)', had.column_name) end, had.table_name,
      case when had.grantee = 0 then 'public' else had.grantee::regrole::text end,
      case when had.grantable then ' with grant option' else '' end);
  end loop;
  for had in select d.definition from public.e2e_legacy_definitions d loop
    execute had.definition;
  end loop;
end $$;
drop table public.conversation_keys, public.e2e_key_backup, public.e2e_wrap_problems, public.e2e_message_backup,
  public.e2e_backup_keys, public.e2e_message_progress, public.e2e_migrated_conversations, public.e2e_legacy_security, public.e2e_legacy_rights,
  public.e2e_legacy_definitions,
  public.e2e_recovery_key cascade;
drop function public.e2e_check();
drop function public.e2e_refuse_legacy();
