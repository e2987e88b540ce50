-- Recovery copies lie with the accounts; answers to linking requests for a few minutes.
create table link_answer (
  account bigint not null,
  request_id bytea not null,
  answer bytea not null,
  arrived_at timestamptz not null,
  primary key (account, request_id)
);

-- The account, for whoever waits; the first answer stays.
create function put_link_answer(p_user text, p_device text, p_request bytea, p_answer bytea, p_now timestamptz, p_before timestamptz) returns bigint
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
declare
  v_account bigint := (select account from device where id = listed_device(p_user, p_device));
begin
  insert into link_answer values (v_account, p_request, p_answer, p_now)
    on conflict (account, request_id) do update set answer = excluded.answer, arrived_at = excluded.arrived_at
    where link_answer.arrived_at <= p_before;
  return v_account;
end
$$;

create function get_link_answer(p_user text, p_request bytea, p_before timestamptz, out account bigint, out answer bytea)
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  account := account_for(p_user);
  answer := (select l.answer from link_answer l
    where l.account = get_link_answer.account and l.request_id = p_request and l.arrived_at > p_before);
end
$$;

create function put_recovery_copy(p_user text, p_device text, p_copy bytea) returns void
language plpgsql set search_path = pulsemeet_e2e_relay, pg_temp as $$
begin
  update account set recovery_copy = p_copy where id = (select account from device where id = listed_device(p_user, p_device));
end
$$;
