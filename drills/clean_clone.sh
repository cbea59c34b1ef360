#!/usr/bin/env bash
# How long does a stranger wait? Seconds of `make run` from a clean clone, cold and again.
# Takes the files as they are here, committed or not. KEEP=1 leaves the clone; ROOM=/folder says where it goes.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
room=$(mktemp -d "${ROOM:-/tmp}/deskmint-clone-XXXXXX")
chmod 755 "$room"
trap '[ -n "${KEEP:-}" ] || rm -rf "$room"' EXIT
port=${PORT:-8765}

mkdir "$room/deskmint" # a copy without .git: no history is needed
cd "$source"
git ls-files -z --cached --others --exclude-standard --deduplicate |
  xargs -0 ls -d 2>/dev/null | tar -c -T - | tar -x -C "$room/deskmint"

start() {
  local log="$room/$1.log" began=$SECONDS launcher
  make --directory "$room/deskmint" run PORT="$port" >"$log" 2>&1 &
  launcher=$!
  until grep -q "^Deskmint is ready at http://127.0.0.1:$port$" "$log"; do
    kill -0 "$launcher" 2>/dev/null || { cat "$log"; exit 1; }
    sleep 0.2
  done
  echo "$1: $((SECONDS - began)) s"
  sed -n '/\.\.\./p' "$log"
  began=$SECONDS
  kill -TERM "$launcher"
  wait "$launcher" || true
  echo "  stopped in $((SECONDS - began)) s"
}

start cold
start second
if pgrep -f "$room" >/dev/null; then
  echo "left running:"
  pgrep -af "$room"
  exit 1
fi
echo "nothing is left running"
