// Package node collects what a machine shows of being a node of a Kubernetes
// cluster: components by their processes, the files that they really use, read
// as each process sees them, and the kubelet's configuration as it merges it. It
// asks no API server and uses no credential. Tokens and keys are reduced to what
// they are while they are read.
package node
