#!/usr/bin/env bash
# engine-down.sh stops the engines and the registry that engine-up.sh and engine-current-up.sh started, and the testbed's containers with
# them. A daemon that was already there when engine-up.sh ran is left alone. Installed packages and the engine's data stay.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

state=${TESTBED_DIR:-${HOME:-/root}/.cache/plimsoll-testbed}

# stop NAME PROGRAM: ends the recorded process if it still is that program, and waits until it is gone.
stop() {
  local file=$state/$1.pid pid
  [ -s "$file" ] || return 0
  pid=$(cat "$file")
  if [ "$(basename "$(readlink "/proc/$pid/exe" || true)")" = "$2" ]; then
    kill "$pid"
    for _ in $(seq 120); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.25
    done
    if kill -0 "$pid" 2>/dev/null; then
      printf 'testbed: %s (process %s) did not stop within 30 seconds\n' "$2" "$pid" >&2
      return 1
    fi
  fi
  rm -f "$file"
}

stop registry docker-registry
stop engine-current/dockerd dockerd
stop engine-current/containerd containerd
stop dockerd dockerd
