#!/usr/bin/env bash
# cluster-down.sh stops what cluster-up.sh started and removes the cluster: its pods, files, bridge, firewall rules and cgroups. The compiled programs and
# the installed packages stay. It works whatever has died meanwhile, and where no cluster of the testbed is it does nothing.
set -Eeuo pipefail
exec </dev/null
export PATH=$PATH:/usr/sbin:/sbin

state=${TESTBED_DIR:-${HOME:-/root}/.cache/plimsoll-testbed}
run=/run/testbed-containerd

say() { printf 'testbed: %s\n' "$*" >&2; }

# stop NAME: ends the recorded process if it still is that program, and waits until it is gone.
stop() {
  local file=$state/$1.pid pid exe
  [ -s "$file" ] || return 0
  pid=$(cat "$file")
  exe=$(readlink "/proc/$pid/exe" || true)
  exe=${exe% (deleted)}
  if [ "${exe##*/}" = "$1" ]; then
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 80); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.25
    done
    kill -9 "$pid" 2>/dev/null || true
  fi
  rm -f "$file"
}

# processes lists what runs in the pods' cgroups, of either version.
processes() { find /sys/fs/cgroup -path '*/kubepods*' -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u; }

# end_pods needs no containerd: it ends the processes and the shims that held them.
end_pods() {
  local pids
  for _ in $(seq 20); do
    mapfile -t pids < <(processes; pgrep -f -- "^[^ ]*/containerd-shim-runc-v2 -namespace k8s.io .* -address $run/" || true)
    ((${#pids[@]})) || return 0
    kill -9 "${pids[@]}" 2>/dev/null || true
    sleep 0.25
  done
  say "some processes of pods did not end: ${pids[*]}"
  return 1
}

# unmount_below FOLDER…: the last first.
unmount_below() {
  local dir mount
  for dir in "$@"; do
    while read -r mount; do umount -l "$mount" || true; done < <(awk -v d="$dir" 'index($2, d) == 1 { print $2 }' /proc/self/mounts | sort -r)
  done
}

# remove_chains TOOL TABLE: takes out what names our chains, and nothing else: an engine may change the same table at the same time.
remove_chains() {
  local rules ours='(KUBE|CNI)-'
  rules=$("$1" -w 5 -t "$2" -S 2>/dev/null | grep -E " $ours" || true)
  [ -n "$rules" ] || return 0
  {
    echo "*$2"
    sed -nE "/^-A $ours/d; s/^-A /-D /p" <<<"$rules"
    sed -n 's/^-N /-F /p' <<<"$rules"
    sed -n 's/^-N /-X /p' <<<"$rules"
    echo COMMIT
  } | "$1-restore" -w 5 --noflush
}

# remove_network takes away the bridge and the pods' network namespaces, and of the firewall Kubernetes' and the plugins' rules and chains.
remove_network() {
  local space tool table
  ip link delete cni0 2>/dev/null || true
  for space in /run/netns/cni-*; do [ ! -e "$space" ] || ip netns delete "${space##*/}" || true; done
  for tool in iptables ip6tables; do
    for table in filter nat mangle; do remove_chains "$tool" "$table" || say "rules of the cluster are left in the table $table of $tool"; done
  done
}

[ "$(id -u)" = 0 ] || { say "needs root; you are $(id -un)"; exit 1; }
[ -e "$state/kubeadm.yaml" ] || exit 0
rm -f "$state/cluster.json"
stop kube-proxy
stop kubelet
end_pods
stop containerd
unmount_below "$run/" /var/lib/kubelet/pods/ "$state/cd/"
remove_network
find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || true
rm -rf /etc/kubernetes/* /var/lib/etcd /var/lib/kubelet/* /var/lib/kube-proxy /etc/cni/net.d/10-testbed.conflist /var/lib/cni/networks/testbed \
  /var/lib/cni/results /var/log/pods /var/log/containers "$run" "$state/cd" "$state/images-made" "$state"/image.?????? "$state/kubeadm.yaml"
