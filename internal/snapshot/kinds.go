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
}

// scopeKinds is the kind of the subject that stands for a whole scope.
var scopeKinds = map[ScopeKind]Kind{
	ScopeEngine: KindEngine, ScopeHost: KindHost, ScopeRegistry: KindRegistry, ScopeCluster: "cluster", ScopeFiles: "files", ScopeImages: "images",
}

// Holds reports whether a scope is one for subjects of a kind. One of files
// stands either for a daemon.json, and holds the engine that it makes, or for
// everything else: that a folder has no daemon.json says nothing about the engine
// that will run what it has.
func (s *Snapshot) Holds(sc *Scope, k Kind) bool {
	if !slices.Contains(Kinds[k].Scopes, sc.Kind) {
		return false
	}
	if sc.Kind != ScopeFiles {
		return true
	}
	client := slices.ContainsFunc(s.Clients, func(c Client) bool { return c.Scope == sc.ID })
	return (k == KindEngine) == (s.Engine(sc.ID) != nil) && (k == KindClient) == client && (k == KindRegistry) == (s.Registry(sc.ID) != nil)
}
