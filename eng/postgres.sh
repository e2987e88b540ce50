#!/usr/bin/env bash
# A throwaway PostgreSQL (15 or newer) on a local socket, for tests and benchmarks.
#   eng/postgres.sh start DIR   installs the Debian packages where they are missing, makes a cluster in DIR, starts it, and
#                               prints its connection string (and nothing else) on standard output
#   eng/postgres.sh restart DIR [immediate]   stops it, as a crash does with «immediate», and starts it again
#   eng/postgres.sh stop DIR    stops it and removes DIR
#   eng/postgres.sh run COMMAND…   starts one, runs COMMAND with PULSEMEET_E2E_TEST_POSTGRES set, stops it
set -euo pipefail

binaries() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n | tail -n 1; }

install_packages() {
  local sudo=
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  { $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq postgresql; } >&2
}

# PostgreSQL refuses to run as root: then the system's postgres user runs it.
as_owner() {
  if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

start() {
  local dir=$1
  [ -n "$(binaries)" ] || install_packages
  mkdir -p "$dir"
  [ "$(id -u)" -ne 0 ] || chown postgres "$dir"
  cd "$dir"
  as_owner "$(binaries)/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >&2
  as_owner "$(binaries)/pg_ctl" -D "$dir/data" -l "$dir/log" -w \
    -o "-k $dir -c listen_addresses='' -c unix_socket_permissions=0777 -c max_connections=200 -c fsync=${PULSEMEET_E2E_FSYNC:-off} -c shared_buffers=256MB -c max_wal_size=2GB" start >&2
  echo "Host=$dir;Username=postgres;Database=postgres"
}

case "${1:-}" in
  start) start "$2" ;;
  restart)
    cd "$2"
    as_owner "$(binaries)/pg_ctl" -D "$2/data" -l "$2/log" -w -m "${3:-fast}" restart >&2
    ;;
  stop)
    cd /
    as_owner "$(binaries)/pg_ctl" -D "$2/data" -w -m immediate stop >&2 || true
    rm -rf "$2"
    ;;
  run)
    shift
    dir=$(mktemp -d /tmp/pulsemeet-pg.XXXXXX)
    trap '"$0" stop "$dir" 2>/dev/null' EXIT
    here=$PWD
    connection=$(start "$dir" 2>"$dir.log") || { cat "$dir.log" >&2; exit 1; }
    rm -f "$dir.log"
    cd "$here"
    PULSEMEET_E2E_TEST_POSTGRES=$connection "$@"
    ;;
  *)
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
