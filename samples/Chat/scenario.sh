#!/usr/bin/env bash
# Real processes: a relay on a SQLite file and devices of two people, each of which is killed when it hurts. At the end every device has
# every message exactly once, or has named it as lost. Ends with «N checks passed» and 0, or with what is missing and 1.
# usage: samples/Chat/scenario.sh        builds what it needs unless CHAT_BUILT is set
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
url=http://127.0.0.1:$((20000 + RANDOM % 20000))
checks=0
declare -A pids fds

if [ -z "${CHAT_BUILT:-}" ]; then
  dotnet build "$root/samples/Chat" -c Release -v quiet --nologo || exit 1
  dotnet build "$root/samples/Relay" -c Release -v quiet --nologo || exit 1
fi

end() {
  for name in "${!pids[@]}"; do kill -9 "${pids[$name]}" 2>/dev/null; done
  wait 2>/dev/null
  rm -rf "$work"
}
trap end EXIT

fail() {
  echo "FAIL  $1"
  for log in "$work"/*.out; do echo "--- ${log##*/}"; tail -n 15 "$log"; done
  exit 1
}
ok() { checks=$((checks + 1)); echo "ok    $1"; }

relay() {
  dotnet "$root/samples/Relay/bin/Release/net10.0/Relay.dll" --urls "$url" --sqlite "$work/relay.db" \
    --Logging:LogLevel:Default=Warning >>"$work/relay.out" 2>&1 &
  pids[relay]=$!
  disown
  for _ in $(seq 300); do
    (exec 3<>"/dev/tcp/127.0.0.1/${url##*:}") 2>/dev/null && return
    sleep 0.1
  done
  fail "the relay starts"
}

# start NAME: user and device are NAME's halves, as in alice-phone.
start() {
  local name=$1
  if [ -z "${fds[$name]:-}" ]; then
    mkfifo "$work/$name.in"
    exec {fd}<>"$work/$name.in"
    fds[$name]=$fd
  fi
  dotnet "$root/samples/Chat/bin/Release/net10.0/Chat.dll" "${name%-*}" "${name#*-}" "$work/$name" "$url" 2 \
    <"$work/$name.in" >>"$work/$name.out" 2>&1 &
  pids[$name]=$!
  disown
}
stop_hard() { kill -9 "${pids[$1]}"; while kill -0 "${pids[$1]}" 2>/dev/null; do sleep 0.05; done; }
tell() { echo "$2" >&"${fds[$1]}"; }

# wait_for NAME PATTERN [COUNT]: until the device's terminal shows it so often.
wait_for() {
  for _ in $(seq 600); do
    [ "$(grep -cE -- "$2" "$work/$1.out" 2>/dev/null)" -ge "${3:-1}" ] && return
    sleep 0.1
  done
  fail "$1 shows: $2"
}

# once NAME TEXT: written down exactly once.
once() {
  local count
  count=$(cut -d' ' -f2- "$work/$1/shown.txt" | grep -cFx -- "$2")
  [ "$count" -eq 1 ] || fail "$1 has «$2» $count times"
}

relay
for name in alice-phone bob-phone carol-phone; do start $name; tell $name /signup; done
for name in alice-phone bob-phone carol-phone; do wait_for $name '^signed up'; done
tell alice-phone "/to carol Hello"
wait_for carol-phone 'alice wants to write to you'
tell carol-phone "/accept alice"
wait_for carol-phone 'alice/phone to you: Hello'
ok "three people sign up, and one accepts another"

start bob-tablet
tell bob-tablet /link
wait_for bob-tablet '/approve '
tell bob-phone "$(grep -o '/approve .*' "$work/bob-tablet.out" | tail -n 1)"
wait_for bob-tablet '^linked'
ok "a second device is linked"

tell alice-phone "/to bob begun by alice"
tell bob-phone "/to alice begun by bob"
wait_for alice-phone 'bob/phone to you: begun by bob'
wait_for bob-phone 'alice/phone to you: begun by alice'
wait_for bob-tablet 'bob/phone to alice: begun by bob'
wait_for bob-tablet 'alice wants to write to you'
tell bob-tablet "/accept alice" # Each device is asked for itself.
wait_for bob-tablet 'alice/phone to you: begun by alice'
ok "both begin at once, and every device has both"

for i in $(seq 10); do tell alice-phone "/to bob a$i."; tell bob-phone "/to alice b$i."; done
stop_hard bob-phone
start bob-phone
for i in $(seq 11 15); do tell alice-phone "/to bob a$i."; tell bob-phone "/to alice b$i."; done
wait_for alice-phone '^written: a1[1-5]'
stop_hard alice-phone
start alice-phone
tell alice-phone "/to bob after the kills"
tell bob-phone "/to alice after the kills"
for name in bob-phone bob-tablet; do wait_for $name 'alice/phone to you: after the kills'; done
wait_for alice-phone 'bob/phone to you: after the kills'
ok "both write at once and are killed in between"

stop_hard relay
tell alice-phone "/to bob while the relay is down"
wait_for alice-phone '^written: while'
relay
wait_for bob-phone 'while the relay is down'
wait_for bob-tablet 'while the relay is down'
ok "the relay is killed and comes back"

head -c 300000 /dev/urandom >"$work/cat.png"
tell alice-phone "/photo bob $work/cat.png"
wait_for bob-tablet '300000 bytes in'
cmp -s "$work/cat.png" "$(grep -o '[^ ]*/photo-[0-9]*$' "$work/bob-tablet.out" | tail -n 1)" || fail "the photo is the same"
ok "a photo arrives"

# The relay's disk is put back to an earlier state: what it had taken in between is gone.
stop_hard bob-phone
stop_hard bob-tablet
sleep 0.5
stop_hard relay
for part in relay.db relay.db-wal; do [ -f "$work/$part" ] && cp "$work/$part" "$work/earlier-$part"; done
relay
tell alice-phone "/to bob lost on the way"
tell alice-phone "/to carol behind it"
wait_for carol-phone 'behind it' # What waits is brought to the relay in its order.
stop_hard relay
rm -f "$work/relay.db" "$work/relay.db-wal" "$work/relay.db-shm"
for part in relay.db relay.db-wal; do [ -f "$work/earlier-$part" ] && cp "$work/earlier-$part" "$work/$part"; done
relay
start bob-phone
start bob-tablet
tell alice-phone "/to bob after the loss"
wait_for bob-phone 'after the loss'
wait_for bob-phone 'of alice/phone missing, asked for again'
wait_for bob-phone 'lost on the way'
wait_for bob-tablet 'lost on the way'
ok "a message that the relay lost is named, asked for and arrives"

stop_hard bob-tablet
mv "$work/bob-tablet" "$work/lost"
mv "$work/bob-tablet.out" "$work/lost.out"
: >"$work/bob-tablet.out"
tell bob-phone "/remove tablet"
wait_for bob-phone '^removed'
start bob-tablet
tell bob-tablet /link
wait_for bob-tablet '/approve '
tell bob-phone "$(grep -o '/approve .*' "$work/bob-tablet.out" | tail -n 1)"
wait_for bob-tablet '^linked'
tell bob-phone "/to alice from the same phone"
wait_for bob-tablet 'from the same phone'
tell bob-tablet "/to alice from the new tablet"
wait_for alice-phone 'from the new tablet'
ok "a tablet is lost, removed, and linked anew under its name"

tell alice-phone /check
tell bob-phone /check
wait_for bob-phone 'all is right'
# What was confirmed is there, whatever was killed.
sed -n 's/^written: //p' "$work/alice-phone.out" | grep -vE '^(Hello|behind it|a photo)$' | while read -r text; do once bob-phone "alice/phone to you: $text"; done || exit 1
sed -n 's/^written: //p' "$work/bob-phone.out" | while read -r text; do once alice-phone "bob/phone to you: $text"; done || exit 1
once alice-phone "bob/tablet to you: from the new tablet"
ok "every message is there exactly once"
echo "$checks checks passed"
