package podspec

import "strings"

// Token is what of its account's tokens a pod sees.
type Token struct {
	Mounted bool   // by admission
	Known   bool   // Mounted is decided: nothing that was not seen has a say
	By      string // what decides: pod, account, default, or static: it comes from a file of its node

	Projected []ProjectedToken
}

// ProjectedToken is a token that a volume of the pod projects.
type ProjectedToken struct {
	Volume   string
	Source   int // position among the volume's sources
	Audience string
	Seconds  int64
	API      bool // the API server takes it
}

// Token says which tokens the pod sees. The pod's field beats its account's, and
// where neither says, one is mounted. A projected token stands in a volume that
// the pod defines, whatever the fields say. A static pod can have neither: the
// kubelet makes it without the API server, and refuses one that names its objects.
func (p *Pod) Token() Token {
	t := Token{By: "default", Mounted: true, Known: p.Accounts && !p.File}
	switch {
	case p.Class != nil && p.Class.Static:
		t.Mounted, t.Known, t.By = false, true, "static"
	case p.Automount != nil:
		t.Mounted, t.Known, t.By = *p.Automount, true, "pod"
	case p.Account != nil && p.Account.Automount != nil:
		t.Mounted, t.Known, t.By = *p.Account.Automount, true, "account"
	case p.Account != nil:
		t.Known = true
	}
	for i := range p.Volumes {
		v := &p.Volumes[i]
		for j := range v.Projected {
			if s := &v.Projected[j]; s.Kind == "serviceAccountToken" {
				t.Projected = append(t.Projected, ProjectedToken{v.Name, j, s.Audience, s.Seconds, forAPIServer(s.Audience)})
			}
		}
	}
	return t
}

// forAPIServer reports whether the API server takes a token of an audience: the one
// that is not said, and those that servers are installed with. Another that
// --api-audiences names is not seen here.
func forAPIServer(audience string) bool {
	switch strings.TrimSuffix(audience, "/") {
	case "", "api", "kubernetes", "k8s", "https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local", "kubernetes.default.svc",
		"https://kubernetes.default":
		return true
	}
	return false
}
