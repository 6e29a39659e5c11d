#!/usr/bin/env bash
# engine-up.sh turns a disposable Debian machine into the testbed that the real-engine tests expect:
#
#   - Debian's Docker engine on unix:///var/run/docker.sock,
#   - a registry on 127.0.0.1:5000,
#   - the image testbed/busybox:1, and the same pushed and pulled as 127.0.0.1:5000/testbed/busybox:1, which gives it a registry digest.
#
# It needs root, installs packages and starts daemons: never run it on a machine that anyone uses. What is there already is left as it is,
# so it may be run again at any time. engine-down.sh stops what this script started.
set -euo pipefail
exec </dev/null
export PATH=$PATH:/usr/sbin:/sbin DEBIAN_FRONTEND=noninteractive

state=${TESTBED_DIR:-${HOME:-/root}/.cache/plimsoll-testbed}
registry=127.0.0.1:5000
image=testbed/busybox:1

say() { printf 'testbed: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# wait_for TRIES COMMAND…: tries a command every quarter of a second.
wait_for() {
  local tries=$1
  shift
  while ! "$@" >/dev/null 2>&1; do
    ((tries-- > 0)) || return 1
    sleep 0.25
  done
}

# start NAME COMMAND…: runs a daemon detached, with its log and process id in the state folder.
start() {
  local name=$1
  shift
  setsid nohup "$@" >"$state/$name.log" 2>&1 </dev/null &
  echo $! >"$state/$name.pid"
}

install_packages() {
  local wanted=() command package
  while read -r command package; do
    have "$command" || wanted+=("$package")
  done <<'LIST'
dockerd docker.io
ip iproute2
iptables iptables
busybox busybox-static
curl curl
docker-registry docker-registry
LIST
  if ((${#wanted[@]})); then
    have apt-get || die "needs Debian's apt-get to install ${wanted[*]}"
    say "installing ${wanted[*]}"
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
  fi
  # From Debian 13 on the client is a package of its own.
  have docker || apt-get install -y -qq --no-install-recommends docker-cli >/dev/null
}

engine_answers() { docker info; }

start_engine() {
  engine_answers >/dev/null 2>&1 && return
  start dockerd dockerd
  wait_for 240 engine_answers || { tail -n 20 "$state/dockerd.log" >&2; die "dockerd did not answer within a minute; its log is above"; }
}

registry_answers() { curl -fsS --max-time 2 "http://$registry/v2/"; }

start_registry() {
  registry_answers >/dev/null 2>&1 && return
  mkdir -p "$state/registry"
  cat >"$state/registry.yml" <<YAML
version: 0.1
storage:
  filesystem: {rootdirectory: $state/registry}
  delete: {enabled: true}
http: {addr: "$registry"}
YAML
  start registry docker-registry serve "$state/registry.yml"
  wait_for 80 registry_answers || { tail -n 20 "$state/registry.log" >&2; die "the registry did not answer within 20 seconds; its log is above"; }
}

# The image is one static busybox with a few names, imported from a tar stream: nothing is pulled from outside.
make_image() {
  docker image inspect "$image" >/dev/null 2>&1 && return
  local root applet
  root=$(mktemp -d)
  mkdir -p "$root/bin" "$root/etc" "$root/tmp"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in sh sleep cat ls id mount nc httpd wget ps; do ln -s busybox "$root/bin/$applet"; done
  printf 'root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n' >"$root/etc/passwd"
  tar -C "$root" -c . | docker import -c 'CMD ["/bin/sleep","2147483647"]' - "$image" >/dev/null
  rm -rf "$root"
}

# A local registry digest is only of use while the registry has the manifest, so both are looked at.
give_digest() {
  if docker image inspect -f '{{index .RepoDigests 0}}' "$registry/$image" >/dev/null 2>&1 &&
    curl -fsS --max-time 2 -o /dev/null -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
      "http://$registry/v2/${image%:*}/manifests/${image##*:}" 2>/dev/null; then
    return
  fi
  docker tag "$image" "$registry/$image"
  docker push -q "$registry/$image" >/dev/null
  docker pull -q "$registry/$image" >/dev/null
}

[ "$(id -u)" = 0 ] || die "needs root on a disposable machine; you are $(id -un)"
mkdir -p "$state"
install_packages
start_engine
start_registry
make_image
give_digest
say "engine $(docker version -f '{{.Server.Version}} (API {{.Server.APIVersion}})') and registry $registry are ready"
