package snapshot

import "strings"

// learnNodes collects the names of machines and people from what nodes show.
func (sc *scrubber) learnNodes(s *Snapshot) {
	for i := range s.NodeHosts {
		sc.host(s.NodeHosts[i].Name)
		sc.host(s.NodeHosts[i].Name + "-ca") // whom a kubelet makes up to sign its certificate
	}
	for i := range s.Components {
		sc.host(s.Components[i].Node)
	}
	for i := range s.Kubeconfigs {
		for _, u := range s.Kubeconfigs[i].Servers {
			sc.url(u)
		}
		for _, u := range s.Kubeconfigs[i].Users {
			sc.person(u.Name)
		}
	}
	for i := range s.Certificates {
		c := &s.Certificates[i]
		if c.Client && c.In != "" {
			sc.person(c.Subject)
		}
		for _, d := range c.DNS {
			if !strings.HasPrefix(d, "kubernetes") && d != "localhost" {
				sc.host(strings.TrimPrefix(d, "*."))
			}
		}
	}
}

// person learns a name under which somebody signs in, unless it is one that
// Kubernetes or its installers give: checks tell people from components by those.
func (sc *scrubber) person(name string) {
	for _, own := range []string{"system:", "kube", "front-proxy", "etcd", "default", "admin", "user"} {
		if strings.HasPrefix(name, own) {
			return
		}
	}
	sc.user(name)
}
