-- Before phase 1: the indexes that paging needs, built beside the running app. Not in a transaction. After a build that failed,
-- the tool drops what is not valid and builds it anew; with psql alone, drop such an index first (\d shows it).
create index concurrently if not exists e2e_direct_messages_sender on public.direct_messages (sender_id, id);
create index concurrently if not exists e2e_direct_messages_receiver on public.direct_messages (receiver_id, id);
create index concurrently if not exists e2e_chat_messages_pulse on public.chat_messages (pulse_id, id);
