package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// Kind is what a check judges, as in the catalogue.
type Kind string

// The kinds of subject.
const (
	KindHost      Kind = "host"
	KindHostFile  Kind = "host-file"
	KindEngine    Kind = "docker-engine"
	KindContainer Kind = "docker-container"
	KindImage     Kind = "docker-image"
	KindNetwork   Kind = "docker-network"
	KindClient    Kind = "docker-client"
	KindRegistry  Kind = "registry"
	KindSwarm     Kind = "swarm"
	KindFile      Kind = "dockerfile"
	KindCompose   Kind = "compose-service"

	KindCluster           Kind = "cluster"
	KindCloud             Kind = "cloud" // what a provider runs or holds; the cluster stands for it
	KindAPIServer         Kind = "kube-apiserver"
	KindEtcd              Kind = "etcd"
	KindControllerManager Kind = "kube-controller-manager"
	KindScheduler         Kind = "kube-scheduler"
	KindKubeProxy         Kind = "kube-proxy"
	KindKubelet           Kind = "kubelet"
	KindNode              Kind = "node"
	KindNodeFile          Kind = "node-file"
	KindNamespace         Kind = "namespace"
	KindPodSpec           Kind = "pod-spec"
	KindServiceAccount    Kind = "service-account"
	KindRole              Kind = "rbac-role"
	KindBinding           Kind = "rbac-binding"
	KindNetworkPolicy     Kind = "network-policy"
	KindService           Kind = "service" // services, ingresses, gateways and routes
	KindSecret            Kind = "secret"
	KindConfigMap         Kind = "config-map"
	KindWebhook           Kind = "webhook" // webhooks, conversion webhooks, aggregated APIs and admission policies
)

// Location is a place in a file, for subjects that come from one.
type Location struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`   // from 1; 0 is unknown
	Column int    `json:"column,omitempty"` // from 1; 0 is unknown
}

// String returns file:line:column, as far as they are known.
func (l Location) String() string {
	s := l.File
	if l.Line > 0 {
		s += ":" + strconv.Itoa(l.Line)
		if l.Column > 0 {
			s += ":" + strconv.Itoa(l.Column)
		}
	}
	return s
}

// Subject is one thing that a check judges. Key is the only one of its kind and
// scope, and stable across re-creation: compose/shop/web/1, name/web,
// file/etc/docker/daemon.json, image/shop/web:1, network/shop. It is never a line
// number, and an engine's ID only where there is nothing better: an image without
// a tag or digest is image/untagged/ and the first 12 digits of its ID, which is
// derived from its content; images or networks of one name in one scope have the
// first 12 digits of their IDs behind it.
type Subject struct {
	Kind   Kind      `json:"kind"`
	Scope  string    `json:"scope"`
	Key    string    `json:"key"`
	Name   string    `json:"name"`
	UID    string    `json:"uid,omitempty"`    // the engine's id, for exact addressing
	Parent string    `json:"parent,omitempty"` // key of the enclosing subject, in its scope or its host's
	Loc    *Location `json:"location,omitempty"`
}

// Fingerprint identifies a finding of check on subject across runs: the first
// 16 hex digits of a sha256 over check, scope identity, kind and key. Message,
// severity, evidence, counts and versions are never in it.
func Fingerprint(check string, s Subject, scope ScopeKind) string {
	identity := s.Scope
	if scope == ScopeFiles {
		identity = "" // a file keeps its identity wherever the folder was checked out
	}
	sum := sha256.Sum256([]byte("v1\x00" + check + "\x00" + identity + "\x00" + string(s.Kind) + "\x00" + s.Key))
	return hex.EncodeToString(sum[:8])
}
