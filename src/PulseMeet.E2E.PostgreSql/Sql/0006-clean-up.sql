-- What is past its age goes, in steps of at most p_max rows, each a transaction of its own. Every function gives how many went.
create function clean_mailboxes(p_before timestamptz, p_max integer) returns integer
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_devices bigint[] := array(select distinct device from (select device from item where arrived_at <= p_before limit p_max) i);
  v_device bigint;
begin
  perform lock_mailboxes(v_devices);
  foreach v_device in array v_devices loop
    perform drop_items(v_device, null, p_before);
  end loop;
  return cardinality(v_devices);
end
$$;

create function clean_records(p_before timestamptz, p_max integer) returns integer
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_rows integer;
  v_all integer := 0;
begin
  delete from seen where (device, sender, envelope_id) in
    (select device, sender, envelope_id from seen where arrived_at <= p_before limit p_max for update skip locked);
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from group_message where (mls_group, sender, id) in
    (select mls_group, sender, id from group_message where arrived_at <= p_before limit p_max for update skip locked);
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  with gone as (
    delete from candidate where (mls_group, epoch, place) in
      (select c.mls_group, c.epoch, c.place from candidate c join mls_group g on g.id = c.mls_group
         where c.arrived_at <= p_before and c.epoch < g.greatest_epoch limit p_max for update of c skip locked)
      returning sender, size
  ), freed as (
    select d.account, count(*)::integer as items, sum(g.size)::bigint as bytes from gone g join device d on d.id = g.sender group by d.account
  ), locked as materialized (
    select o.account from offered o where o.account in (select account from freed) order by o.account for no key update
  ), counted as (
    update offered o set items = o.items - f.items, bytes = o.bytes - f.bytes
      from freed f join locked l on l.account = f.account where o.account = f.account
  )
  select count(*) into v_rows from gone;
  v_all := v_all + v_rows;
  delete from offered where account in (select account from offered where items = 0 limit p_max for update skip locked) and items = 0;
  -- A tree that was named again meanwhile has a later time: the row is looked at once more under its lock.
  delete from tree where hash in
    (select t.hash from tree t where t.named_at <= p_before and not exists (select from candidate c where c.tree_hash = t.hash)
       and not exists (select from mls_group g where g.group_info_tree = t.hash) limit p_max)
    and named_at <= p_before;
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  -- A body comes in one transaction with the items that name it, and no later item names it.
  delete from body where id in
    (select b.id from body b where not exists (select from item i where i.body = b.id) limit p_max for update skip locked);
  get diagnostics v_rows = row_count;
  return v_all + v_rows;
end
$$;

create function clean_link_answers(p_before timestamptz, p_max integer) returns integer
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_rows integer;
begin
  delete from link_answer where (account, request_id) in
    (select account, request_id from link_answer where arrived_at <= p_before limit p_max for update skip locked);
  get diagnostics v_rows = row_count;
  return v_rows;
end
$$;

-- Uploads that were not finished in time; their files then lie in media_waste.
create function clean_media(p_before timestamptz, p_max integer) returns integer
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_rows integer;
begin
  with gone as (
    delete from media where id in
      (select id from media where received < length and begun_at <= p_before limit p_max for update skip locked) returning id
  )
  insert into media_waste select id from gone;
  get diagnostics v_rows = row_count;
  return v_rows;
end
$$;
