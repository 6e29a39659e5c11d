#!/usr/bin/env bash
# cluster-up.sh turns a disposable Debian machine into a Kubernetes cluster of one node, laid out by kubeadm, that the cluster tests expect:
#
#   - etcd, API server, controller manager and scheduler as static pods, kubelet and kube-proxy as processes of the node, containerd, a bridge CNI,
#   - /etc/kubernetes/admin.conf and super-admin.conf,
#   - the image docker.io/testbed/busybox:1 on the node,
#   - $state/cluster.json, which tells test/testbed where all that is.
#
# It needs root, installs packages, and writes /etc/kubernetes, /etc/cni, /var/lib/etcd, /var/lib/kubelet and /var/lib/kube-proxy: never run it on a
# machine that anyone uses. It refuses where a cluster is that it did not make. Run again, it starts what has died, also after a reboot, and lays the
# cluster out anew when that does not help or when versions, addresses or the configuration below have changed. cluster-down.sh takes all away.
#
# The first run compiles Kubernetes and etcd from the modules pinned in cluster/go.mod (about 7 minutes on 2 cores); later ones find them.
# `cluster-up.sh compile` does that and no more, without an engine.
set -Eeuo pipefail
exec </dev/null
export PATH=$PATH:/usr/sbin:/sbin:/usr/local/go/bin DEBIAN_FRONTEND=noninteractive
here=$(cd "$(dirname "$0")" && pwd)

k8s=$(sed -n 's/^\tk8s.io\/kubernetes v\([0-9.]*\).*/\1/p' "$here/cluster/go.mod")
state=${TESTBED_DIR:-${HOME:-/root}/.cache/plimsoll-testbed}
bin=$state/bin-$k8s
config=$state/kubeadm.yaml # that of the cluster on the disk; there is one as long as there may be anything of a cluster
next=$state/kubeadm.next.yaml
run=/run/testbed-containerd
socket=$run/containerd.sock # not the usual place, where every engine looks for a containerd before it starts its own
node=node1
image=testbed/busybox:1
admin=/etc/kubernetes/super-admin.conf # works before any role is bound

say() { printf 'testbed: %s\n' "$*" >&2; }

# die MESSAGE [LOG…]: the end of each log, then one line that says what happened.
die() {
  local message=$1 log
  shift
  for log in "$@"; do
    [ -s "$log" ] && printf -- '--- the end of %s\n' "$log" >&2 && tail -n 20 "$log" | cut -c1-500 >&2
  done
  trap - ERR
  say "$message"
  exit 1
}
trap 'say "cluster-up.sh: line $LINENO failed: ${BASH_COMMAND%%$'\''\n'\''*}"' ERR

# wait_for SECONDS COMMAND…: tries a command twice a second.
wait_for() {
  local tries=$(($1 * 2))
  shift
  while ! "$@" >/dev/null 2>&1; do
    ((tries-- > 0)) || return 1
    sleep 0.5
  done
}

# retry COMMAND…: what asks the network gets three tries.
retry() {
  local pause
  for pause in 5 15; do
    "$@" && return
    say "failed, tried again in $pause seconds: ${*:1:3}"
    sleep "$pause"
  done
  "$@"
}

# alive NAME: whether the recorded process still is that program.
alive() {
  local exe
  [ -s "$state/$1.pid" ] && exe=$(readlink "/proc/$(cat "$state/$1.pid")/exe") && exe=${exe% (deleted)} && [ "${exe##*/}" = "$1" ]
}

# start NAME ARGUMENT…: runs a daemon detached, with its log and process id in the state folder, and without our lock.
start() {
  (
    cd /
    setsid nohup "$@" >"$state/$1.log" 2>&1 9>&- &
    echo $! >"$state/$1.pid"
  )
}

# refuse_foreign protects a cluster that is not the testbed's.
refuse_foreign() {
  [ -e "$config" ] || [ -z "$(find /etc/kubernetes /var/lib/etcd -mindepth 1 -print -quit 2>/dev/null)" ] ||
    die "/etc/kubernetes or /var/lib/etcd belongs to a cluster that the testbed did not make"
}

install_packages() {
  local wanted=() file package
  while read -r file package; do
    [ -e "$file" ] || wanted+=("$package")
  done <<'LIST'
/usr/lib/cni/bridge containernetworking-plugins
/usr/bin/containerd containerd
/usr/sbin/iptables iptables
/usr/sbin/conntrack conntrack
/usr/bin/pgrep procps
LIST
  ((${#wanted[@]})) || return 0
  command -v apt-get >/dev/null || die "needs Debian's apt-get to install ${wanted[*]}"
  say "installing ${wanted[*]}"
  retry apt-get update -qq
  retry apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
}

# compile builds everything unless the binaries were made from the modules pinned now.
compile() {
  local made package=k8s.io/component-base/version minor=${k8s#*.}
  made="$(sha256sum "$here/cluster/go.mod" | cut -d' ' -f1) 1"
  [ "$(cat "$bin/made-from" 2>/dev/null)" = "$made" ] && return
  say "compiling Kubernetes $k8s (about 7 minutes)"
  mkdir -p "$bin"
  (
    cd "$here/cluster"
    export CGO_ENABLED=0
    retry go build -trimpath -ldflags "-s -w -X $package.gitVersion=v$k8s -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*} -X $package.gitTreeState=clean" \
      -o "$bin/" tool &&
      mv "$bin/server" "$bin/etcd" # named after the last part of its path
  ) || die "Kubernetes did not compile; what Go said is above"
  rm -f "$state/images-made"
  echo "$made" >"$bin/made-from"
  say "compiled Kubernetes in $((SECONDS - begun)) s"
}

ctr() { command ctr -a "$socket" -n k8s.io "$@"; }

has_address() { [ -n "$1" ] && [ -n "$(ip -4 -o address show to "$1/32")" ]; }

# choose_address takes the address the cluster was laid out with, that of the default route, or any other but those of bridges. A machine without any
# gets one on its loopback interface: an API server does not accept 127.0.0.1.
choose_address() {
  local known routed any
  known=$(sed -n 's/.*advertiseAddress: \([0-9.]*\).*/\1/p' "$config" 2>/dev/null || true)
  routed=$(ip -4 -o route get 198.51.100.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p' || true)
  any=$(ip -4 -o address show scope global | awk '$2 !~ /^(lo$|docker|br-|veth|cni|virbr|tun|tap)/ { sub("/.*", "", $4); print $4; exit }')
  for address in "$known" "$routed" "$any"; do
    has_address "$address" && return
  done
  address=198.18.0.1
  ip address add "$address/32" dev lo
}

write_configuration() {
  cat >"$next" <<YAML
# made from $(cat "$bin/made-from")
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration:
  name: $node
  criSocket: unix://$socket
  taints: []
  kubeletExtraArgs:
    - {name: node-ip, value: $address}
localAPIEndpoint: {advertiseAddress: $address, bindPort: 6443}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v$k8s
controlPlaneEndpoint: 127.0.0.1:6443
networking: {podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/16}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
failSwapOn: false
failCgroupV1: false
# Images cannot be pulled again and a full disk is not what the tests are about.
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%}
YAML
}

start_containerd() {
  alive containerd && return
  mkdir -p "$run"
  cat >"$state/containerd.toml" <<TOML
version = 2
root = "$state/cd/root"
state = "$run"
[grpc]
  address = "$socket"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$(image_of pause)"
  restrict_oom_score_adj = true # the machine may lack CAP_SYS_RESOURCE
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "/etc/cni/net.d"
TOML
  start containerd -c "$state/containerd.toml"
  wait_for 30 ctr --connect-timeout 1s version || die "containerd did not answer within 30 seconds" "$state/containerd.log"
}

# image_of NAME: what kubeadm calls the image of a component.
image_of() { kubeadm config images list --kubernetes-version "v$k8s" 2>/dev/null | grep "/$1:"; }

# import_program IMAGE PROGRAM: gives containerd an image that is one static program, without leaving it on any engine.
import_program() {
  local dir sum
  dir=$(mktemp -d "$state/image.XXXXXX")
  mkdir -p "$dir/root/usr/local/bin"
  ln "$bin/$2" "$dir/root/usr/local/bin/$2"
  tar -C "$dir/root" --owner=0 --group=0 -cf "$dir/layer.tar" usr
  sum=$(sha256sum "$dir/layer.tar" | cut -d' ' -f1)
  printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/usr/local/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(go env GOARCH)" "$sum" >"$dir/config.json"
  printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$1" >"$dir/manifest.json"
  tar -C "$dir" -cf - manifest.json config.json layer.tar | ctr images import - >/dev/null || die "containerd did not take the image $1" "$state/containerd.log"
  rm -rf "$dir"
}

# import_images also lets the small image stand in for the pause image: both only sleep.
import_images() {
  [ -e "$state/images-made" ] && ctr images ls -q | grep -qx "docker.io/$image" && return
  docker image inspect "$image" >/dev/null 2>&1 || "$here/engine-up.sh" 9>&- # the small image comes from its engine
  local component
  for component in kube-apiserver kube-controller-manager kube-scheduler etcd; do import_program "$(image_of "$component")" "$component"; done
  docker save "$image" | ctr images import - >/dev/null || die "containerd did not take the image $image" "$state/containerd.log"
  ctr images tag --force "docker.io/$image" "$(image_of pause)" >/dev/null || die "containerd has no image $image" "$state/containerd.log"
  touch "$state/images-made"
}

phase() {
  kubeadm init phase "$@" --config "$next" >>"$state/kubeadm.log" 2>&1 || die "kubeadm init phase $* failed" "$state/kubeadm.log"
}

start_kubelet() {
  alive kubelet && return
  local KUBELET_KUBEADM_ARGS=''
  . /var/lib/kubelet/kubeadm-flags.env
  # The order is that of kubeadm's systemd unit.
  # shellcheck disable=SC2086 # several arguments
  start kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf \
    --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS
}

# start_proxy runs kube-proxy on the node, where kubeadm has a DaemonSet, so that its kubeconfig file is one of the node. Limits of the connection table
# are left alone: the machine may not be allowed to set them.
start_proxy() {
  alive kube-proxy && return
  start kube-proxy --kubeconfig=/var/lib/kube-proxy/kubeconfig.conf --hostname-override="$node" --cluster-cidr=10.244.0.0/16 \
    --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0
}

kube() { kubectl --kubeconfig "$admin" --request-timeout=10s "$@"; }

# logs: what tells why the control plane does not come up.
logs() { printf '%s\n' "$state/kubelet.log" /var/log/pods/kube-system_{etcd,kube-apiserver}-"$node"_*/*/*.log; }

# lay_out_network: the firewall plugin lets pods through where an engine has closed the way between interfaces, which is all that it does. No policy is
# enforced.
lay_out_network() {
  mkdir -p /etc/cni/net.d
  cat >/etc/cni/net.d/10-testbed.conflist <<'JSON'
{"cniVersion": "0.4.0", "name": "testbed", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}},
  {"type": "firewall", "backend": "iptables"}
]}
JSON
}

# held: whether the containers that the API server believes to run do run. It goes on believing in a kubelet that is away, and in what it last said.
held() {
  local ids id tasks
  ids=$(kube -n kube-system get pods -o jsonpath='{range .items[*].status.containerStatuses[?(@.state.running)]}{.containerID}{"\n"}{end}') || return
  tasks=$(ctr tasks ls | awk '$3 == "RUNNING" { print $1 }')
  for id in $ids; do grep -qxF "${id#containerd://}" <<<"$tasks" || return; done
}

# ready: whether everything runs, the API server knows of it, and a pod would be admitted.
ready() {
  local control=(pod/{etcd,kube-apiserver,kube-controller-manager,kube-scheduler}-"$node")
  alive kubelet && alive kube-proxy && held &&
    kube -n kube-system wait --for=condition=Ready --timeout=1s "node/$node" "${control[@]}" &&
    kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=10s -n default get serviceaccount default
}

# lay_out goes through kubeadm's phases one by one: as one command it waits for systemd to restart the kubelet.
lay_out() {
  local tails
  "$here/cluster-down.sh"
  echo '# unfinished' >"$config"
  start_containerd
  import_images
  lay_out_network
  : >"$state/kubeadm.log"
  phase certs all
  phase kubeconfig all
  phase etcd local
  phase control-plane all
  phase kubelet-start
  start_kubelet
  if ! wait_for 180 kube get --raw /readyz || ! wait_for 60 kube get node "$node"; then
    mapfile -t tails < <(logs)
    die "the API server did not become ready" "${tails[@]}"
  fi
  phase upload-config all
  phase mark-control-plane
  phase bootstrap-token
  phase kubelet-finalize all
  mkdir -p /var/lib/kube-proxy
  kubeadm kubeconfig user --client-name=system:kube-proxy --config="$next" >/var/lib/kube-proxy/kubeconfig.conf 2>>"$state/kubeadm.log" ||
    die "kubeadm made no kubeconfig file for kube-proxy" "$state/kubeadm.log"
  chmod 644 /var/lib/kube-proxy/kubeconfig.conf # as the file of a kubeadm cluster is
  start_proxy
  wait_for 120 ready || die "the node or its control plane did not become ready" "$state/kubelet.log" "$state/containerd.log"
  mv "$next" "$config"
}

# laid_out: whether a cluster of this configuration is on the disk, running or not.
laid_out() { cmp -s "$next" "$config" && [ -s "$admin" ] && [ -s /var/lib/kubelet/kubeadm-flags.env ] && [ -d /var/lib/etcd/member ]; }

# bring_back starts what is not running. A failure is the caller's to handle.
bring_back() {
  start_containerd
  import_images
  lay_out_network
  start_kubelet
  wait_for 90 kube get --raw /readyz || return
  start_proxy
  wait_for 60 ready
}

[ "$(id -u)" = 0 ] || die "needs root on a disposable machine; you are $(id -un)"
begun=$SECONDS
mkdir -p "$state"
exec 9>"$state/cluster.lock"
flock 9
compile
[ "${1-}" != compile ] || exit 0
export PATH=$bin:$PATH
refuse_foreign
install_packages
choose_address
write_configuration
if ! laid_out || ! (trap - ERR; bring_back); then
  [ ! -e "$config" ] || say "the cluster does not come back or is not of this configuration: laying it out anew"
  lay_out
fi
printf '{"kubeconfig": "%s", "superAdmin": "%s", "node": "%s", "kubectl": "%s", "version": "v%s"}\n' \
  /etc/kubernetes/admin.conf "$admin" "$node" "$bin/kubectl" "$k8s" >"$state/cluster.json"
say "cluster $k8s is ready in $((SECONDS - begun)) s: export KUBECONFIG=/etc/kubernetes/admin.conf PATH=$bin:\$PATH"
