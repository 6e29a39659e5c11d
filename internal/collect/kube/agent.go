package kube

import (
	"errors"
	"regexp"
	"strings"
)

// NodeAgent writes the manifest, as YAML, of a DaemonSet that looks at each node
// once and prints the snapshot to its log. It changes nothing, keeps nothing and has no
// credentials; what it may do is what each of its rights is for.
func NodeAgent(image string) (string, error) {
	if !reference.MatchString(image) {
		return "", errors.New("no image reference")
	}
	return strings.ReplaceAll(agent, "IMAGE", image), nil
}

// reference is the form of an image's reference, as far as YAML is concerned.
var reference = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*(:[0-9]+/[A-Za-z0-9._/-]+)?(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$`)

// agent is the manifest but for the image.
const agent = `# Looks at each node once, without changing anything, and prints what it saw to its log. Fetch it, join it with what
# the API shows, and remove it:
#
#   plimsoll doctor k8s --node-agent | kubectl apply -f -
#   kubectl rollout status daemonset/plimsoll-nodes -n plimsoll-nodes
#   for p in $(kubectl get pods -n plimsoll-nodes -o name); do kubectl logs -n plimsoll-nodes "$p" -c collect > "${p#pod/}.json"; done
#   plimsoll assess k8s plimsoll-nodes-*.json
#   kubectl delete namespace plimsoll-nodes
#
# The image holds nothing but the program; make image builds it.
apiVersion: v1
kind: Namespace
metadata:
  name: plimsoll-nodes
  labels:
    pod-security.kubernetes.io/enforce: privileged # it mounts the node
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: nothing
  namespace: plimsoll-nodes
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: plimsoll-nodes
  namespace: plimsoll-nodes
  labels: {app.kubernetes.io/name: plimsoll-nodes}
spec:
  selector:
    matchLabels: {app.kubernetes.io/name: plimsoll-nodes}
  updateStrategy:
    rollingUpdate: {maxUnavailable: 100%}
  template:
    metadata:
      labels: {app.kubernetes.io/name: plimsoll-nodes}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      hostNetwork: true # the certificates that kubelet and API server show on the node
      tolerations:
      - operator: Exists # the control plane too
      nodeSelector:
        kubernetes.io/os: linux
      initContainers:
      - name: collect
        image: IMAGE
        imagePullPolicy: IfNotPresent
        args: [collect, host, --root, /host, -q]
        securityContext:
          runAsUser: 0
          runAsGroup: 0
          privileged: false
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          seccompProfile: {type: RuntimeDefault}
          appArmorProfile: {type: Unconfined} # the usual profile hides other processes
          seLinuxOptions: {type: spc_t} # where SELinux is on, nothing else may read the node
          capabilities:
            drop: [ALL]
            add: [DAC_READ_SEARCH, SYS_PTRACE] # files of others; /proc/PID/root of others
        resources:
          requests: {cpu: 50m, memory: 64Mi}
          limits: {cpu: "1", memory: 512Mi}
        volumeMounts:
        - {name: node, mountPath: /host, readOnly: true}
      containers:
      - name: done # keeps the log until it is fetched
        image: registry.k8s.io/pause:3.10
        securityContext:
          runAsUser: 65534
          runAsGroup: 65534
          runAsNonRoot: true
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          seccompProfile: {type: RuntimeDefault}
          capabilities: {drop: [ALL]}
        resources:
          requests: {cpu: 1m, memory: 8Mi}
          limits: {cpu: 10m, memory: 16Mi}
      volumes:
      - name: node
        hostPath: {path: /, type: Directory}
`
