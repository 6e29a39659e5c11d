#!/usr/bin/env bash
# engine-current-up.sh adds a current Docker engine to the testbed that engine-up.sh made: API 1.56, the containerd image store, its own runc,
# on unix://$state/engine-current/docker.sock, with the image testbed/busybox:1. Its networks live in a network namespace of their own
# (testbed-engine-current): two engines would fight over docker0 and the firewall.
#
# The first run compiles the engine and runc from the modules pinned in current/go.mod (about 7 minutes on 2 cores); later ones find them.
# engine-down.sh stops this engine too.
set -euo pipefail
exec </dev/null
export PATH=$PATH:/usr/sbin:/sbin:/usr/local/go/bin DEBIAN_FRONTEND=noninteractive
here=$(cd "$(dirname "$0")" && pwd)

state=${TESTBED_DIR:-${HOME:-/root}/.cache/plimsoll-testbed}
home=$state/engine-current
sock=$home/docker.sock
space=testbed-engine-current
containerd=/run/$space-containerd
image=testbed/busybox:1
# The pinned module says its engine's line only by the client that it is tested with. A build without a number could be held against no table.
version=29.8.0-dev

say() { printf 'testbed: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# wait_for TRIES COMMAND…: tries a command every quarter of a second.
wait_for() {
  local tries=$1
  shift
  while ! "$@" >/dev/null 2>&1; do
    ((tries-- > 0)) || return 1
    sleep 0.25
  done
}

# compile builds the engine and runc unless the binaries were made from the modules pinned now.
compile() {
  local sums
  sums="$(sha256sum "$here/current/go.mod" | cut -d' ' -f1) $version"
  [ "$(cat "$home/bin/made-from" 2>/dev/null)" = "$sums" ] && return
  say "compiling a current engine (about 7 minutes)"
  (
    cd "$here/current"
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X github.com/moby/moby/v2/dockerversion.Version=$version" -o "$home/bin/" github.com/moby/moby/v2/cmd/dockerd github.com/moby/moby/v2/cmd/docker-proxy
  )
  # This engine asks for time namespaces, which the runc 1.1 of Debian 12 does not know. Its seccomp filters need libseccomp.
  if ! dpkg -s libseccomp-dev pkg-config gcc >/dev/null 2>&1; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends libseccomp-dev pkg-config gcc libc6-dev >/dev/null
  fi
  (
    cd "$here/current"
    CGO_ENABLED=1 go build -tags seccomp -trimpath -ldflags '-s -w' -o "$home/bin/" github.com/opencontainers/runc
  )
  echo "$sums" >"$home/bin/made-from"
}

engine() { docker -H "unix://$sock" "$@"; }

start_containerd() {
  cat >"$home/containerd.toml" <<TOML
version = 2
root = "$home/containerd"
state = "$containerd"
[grpc]
  address = "$containerd.sock"
TOML
  PATH=$home/bin:$PATH setsid nohup containerd -c "$home/containerd.toml" >"$home/containerd.log" 2>&1 </dev/null &
  echo $! >"$home/containerd.pid"
  wait_for 40 test -S "$containerd.sock" || die "containerd did not answer: $home/containerd.log"
}

start_engine() {
  engine info >/dev/null 2>&1 && return
  start_containerd
  ip netns add "$space" 2>/dev/null || true
  ip netns exec "$space" ip link set lo up
  PATH=$home/bin:$PATH setsid nohup nsenter --net="/run/netns/$space" dockerd --containerd "$containerd.sock" -H "unix://$sock" \
    --data-root "$home/root" --exec-root "/run/$space" -p "$home/dockerd.pid" >"$home/dockerd.log" 2>&1 </dev/null &
  wait_for 240 engine info || { tail -n 20 "$home/dockerd.log" >&2; die "the current engine did not answer within a minute; its log is above"; }
}

[ "$(id -u)" = 0 ] || die "needs root on a disposable machine; you are $(id -un)"
docker image inspect "$image" >/dev/null 2>&1 || die "run engine-up.sh first: the image $image comes from its engine"
mkdir -p "$home/bin"
compile
start_engine
engine image inspect "$image" >/dev/null 2>&1 || docker save "$image" | engine load >/dev/null
say "current engine $(engine version -f '{{.Server.Version}} (API {{.Server.APIVersion}})') is ready"
