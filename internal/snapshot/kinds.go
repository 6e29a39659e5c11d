package snapshot

import "slices"

// KindInfo is what the logic must know of a subject kind. A kind is added here
// and nowhere else.
type KindInfo struct {
	Scopes   []ScopeKind // scopes that hold such subjects
	Inside   []Kind      // kinds that may enclose it: what is said of them applies to it
	Platform string      // of the threats that are about it

	// Whole says that a check of the kind judges every subject of it in a scope;
	// a subject that a check passed over in silence is then unknown. Files are
	// judged by the few checks that name them.
	Whole bool
}

// Kinds is the table of subject kinds, those first that enclose others.
var Kinds = map[Kind]KindInfo{
	KindHost:      {Scopes: []ScopeKind{ScopeHost}, Platform: "docker", Whole: true},
	KindEngine:    {Scopes: []ScopeKind{ScopeEngine, ScopeFiles}, Inside: []Kind{KindHost}, Platform: "docker", Whole: true},
	KindHostFile:  {Scopes: []ScopeKind{ScopeHost}, Inside: []Kind{KindHost, KindEngine}, Platform: "docker"},
	KindImage:     {Scopes: []ScopeKind{ScopeEngine, ScopeFiles, ScopeImages}, Inside: []Kind{KindHost, KindEngine}, Platform: "docker", Whole: true},
	KindNetwork:   {Scopes: []ScopeKind{ScopeEngine, ScopeFiles}, Inside: []Kind{KindHost, KindEngine}, Platform: "docker", Whole: true},
	KindContainer: {Scopes: []ScopeKind{ScopeEngine, ScopeFiles}, Inside: []Kind{KindHost, KindEngine, KindImage, KindNetwork}, Platform: "docker", Whole: true},
	KindClient:    {Scopes: []ScopeKind{ScopeHost, ScopeFiles}, Inside: []Kind{KindHost}, Platform: "docker", Whole: true},
	KindSwarm:     {Scopes: []ScopeKind{ScopeEngine}, Inside: []Kind{KindHost, KindEngine}, Platform: "docker", Whole: true},
	KindRegistry:  {Scopes: []ScopeKind{ScopeRegistry, ScopeFiles}, Platform: "docker", Whole: true},
	KindFile:      {Scopes: []ScopeKind{ScopeFiles}, Platform: "docker", Whole: true},
	KindCompose:   {Scopes: []ScopeKind{ScopeFiles}, Platform: "docker", Whole: true},

	KindCluster:           {Scopes: inCluster, Platform: kubernetes},
	KindCloud:             {Scopes: inCluster, Inside: []Kind{KindCluster}, Platform: kubernetes},
	KindNode:              {Scopes: []ScopeKind{ScopeCluster}, Inside: []Kind{KindCluster}, Platform: kubernetes},
	KindAPIServer:         {Scopes: []ScopeKind{ScopeCluster}, Inside: []Kind{KindHost, KindCluster, KindNode}, Platform: kubernetes, Whole: true},
	KindEtcd:              {Scopes: []ScopeKind{ScopeCluster}, Inside: []Kind{KindHost, KindCluster, KindNode}, Platform: kubernetes, Whole: true},
	KindControllerManager: {Scopes: []ScopeKind{ScopeCluster}, Inside: []Kind{KindHost, KindCluster, KindNode}, Platform: kubernetes, Whole: true},
	KindScheduler:         {Scopes: []ScopeKind{ScopeCluster}, Inside: []Kind{KindHost, KindCluster, KindNode}, Platform: kubernetes, Whole: true},
	KindKubeProxy:         {Scopes: []ScopeKind{ScopeCluster}, Inside: []Kind{KindHost, KindCluster, KindNode}, Platform: kubernetes, Whole: true},
	KindKubelet:           {Scopes: []ScopeKind{ScopeCluster}, Inside: []Kind{KindHost, KindCluster, KindNode}, Platform: kubernetes, Whole: true},
	KindNodeFile:          {Scopes: []ScopeKind{ScopeCluster}, Inside: []Kind{KindHost, KindCluster, KindNode}, Platform: kubernetes},
	KindNamespace:         {Scopes: inCluster, Inside: []Kind{KindCluster}, Platform: kubernetes, Whole: true},
	KindServiceAccount:    {Scopes: inCluster, Inside: []Kind{KindCluster, KindNamespace}, Platform: kubernetes, Whole: true},
	KindRole:              {Scopes: inCluster, Inside: []Kind{KindCluster, KindNamespace}, Platform: kubernetes, Whole: true},
	KindBinding:           {Scopes: inCluster, Inside: []Kind{KindCluster, KindNamespace}, Platform: kubernetes, Whole: true},
	KindSecret:            {Scopes: inCluster, Inside: []Kind{KindCluster, KindNamespace}, Platform: kubernetes, Whole: true},
	KindConfigMap:         {Scopes: inCluster, Inside: []Kind{KindCluster, KindNamespace}, Platform: kubernetes},
	KindNetworkPolicy:     {Scopes: inCluster, Inside: []Kind{KindCluster, KindNamespace}, Platform: kubernetes},
	KindService:           {Scopes: inCluster, Inside: []Kind{KindCluster, KindNamespace}, Platform: kubernetes},
	KindWebhook:           {Scopes: inCluster, Inside: []Kind{KindCluster}, Platform: kubernetes},
	KindPodSpec:           {Scopes: inCluster, Inside: []Kind{KindCluster, KindNamespace, KindServiceAccount}, Platform: kubernetes, Whole: true},
}

// kubernetes is the platform of the kinds that a cluster has.
const kubernetes = "kubernetes"

// inCluster are the scopes of what manifests can define.
var inCluster = []ScopeKind{ScopeCluster, ScopeFiles}

// scopeKinds is the kind of the subject that stands for a whole scope.
var scopeKinds = map[ScopeKind]Kind{
	ScopeEngine: KindEngine, ScopeHost: KindHost, ScopeRegistry: KindRegistry, ScopeCluster: KindCluster, ScopeFiles: "files", ScopeImages: "images",
}

// Holds reports whether a scope is one for subjects of a kind. One of files
// stands either for a daemon.json, and holds the engine that it makes, or for
// Kubernetes manifests, and holds what they define, or for everything else: that a
// folder has no daemon.json says nothing about the engine that will run what it has.
func (s *Snapshot) Holds(sc *Scope, k Kind) bool {
	if !s.MayHold(sc, k) {
		return false
	}
	if sc.Kind != ScopeFiles || Kinds[k].Platform == kubernetes {
		return true
	}
	client := slices.ContainsFunc(s.Clients, func(c Client) bool { return c.Scope == sc.ID })
	return (k == KindEngine) == (s.Engine(sc.ID) != nil) && (k == KindClient) == client && (k == KindRegistry) == (s.Registry(sc.ID) != nil)
}

// MayHold reports whether a scope is of the platform of a kind and such scopes
// have subjects of it.
func (s *Snapshot) MayHold(sc *Scope, k Kind) bool {
	info := Kinds[k]
	if !slices.Contains(info.Scopes, sc.Kind) {
		return false
	}
	return sc.Kind != ScopeFiles || (info.Platform == kubernetes) == (s.Cluster(sc.ID) != nil)
}

// Shows reports whether anything of a platform was looked at.
func (s *Snapshot) Shows(platform string) bool {
	for k, info := range Kinds {
		if info.Platform == platform && slices.ContainsFunc(s.Scopes, func(sc Scope) bool { return s.MayHold(&sc, k) }) {
			return true
		}
	}
	return false
}
