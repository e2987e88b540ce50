-- On the legacy platform: only the owner and the service role reach the relay's schema to write; a signed-in user sees the rows
-- of their own account, by auth.uid(), and nothing of anybody else's. Can be run again, and is, after every migration.
do $$
declare
  v_table text;
  v_own text;
begin
  revoke all on schema pulsemeet_e2e_relay from public, anon, authenticated;
  revoke all on all tables in schema pulsemeet_e2e_relay from public, anon, authenticated;
  revoke all on all functions in schema pulsemeet_e2e_relay from public, anon, authenticated;
  grant usage on schema pulsemeet_e2e_relay to authenticated, service_role;
  grant all on all tables in schema pulsemeet_e2e_relay to service_role;
  grant execute on all functions in schema pulsemeet_e2e_relay to service_role;
  for v_table in select tablename from pg_tables where schemaname = 'pulsemeet_e2e_relay' loop
    execute format('alter table pulsemeet_e2e_relay.%I enable row level security', v_table);
    execute format('drop policy if exists service on pulsemeet_e2e_relay.%I', v_table);
    execute format('create policy service on pulsemeet_e2e_relay.%I to service_role using (true) with check (true)', v_table);
  end loop;
  for v_table, v_own in values
    ('account', 'user_id = auth.uid()::text'),
    ('device', 'account in (select a.id from pulsemeet_e2e_relay.account a where a.user_id = auth.uid()::text)'),
    ('item', 'device in (select d.id from pulsemeet_e2e_relay.device d)')
  loop
    execute format('grant select on pulsemeet_e2e_relay.%I to authenticated', v_table);
    execute format('drop policy if exists own on pulsemeet_e2e_relay.%I', v_table);
    execute format('create policy own on pulsemeet_e2e_relay.%I for select to authenticated using (%s)', v_table, v_own);
  end loop;
end
$$;
