package node

import (
	"path"
	"strings"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// apiServer reads the configuration files of the API server, reduced to what
// decides who may do what.
func (n *survey) apiServer(b *built) {
	b.API = new(snapshot.APIConfig)
	if f := b.flags.last("admission-control-config-file"); f != "" {
		d := n.content(b, f)
		b.API.Admission = fact(d, n.admission(b, d.root, path.Dir(f)), f)
	}
	if f := b.flags.last("encryption-provider-config"); f != "" {
		d := n.content(b, f)
		b.API.Encryption = fact(d, encryption(d.root), f)
	}
	if f := b.flags.last("authentication-config"); f != "" {
		d := n.content(b, f)
		b.API.Authentication = fact(d, authentication(d.root), f)
	}
	if f := b.flags.last("authorization-config"); f != "" {
		d := n.content(b, f)
		b.API.Authorizers = fact(d, authorizers(d.root), f)
	}
	if f := b.flags.last("audit-policy-file"); f != "" {
		d := n.content(b, f)
		b.API.Audit = fact(d, auditPolicy(d.root), f)
	}
}

// admission reads AdmissionConfiguration and the files that its plugins name.
func (n *survey) admission(b *built, root *yaml.Node, dir string) []snapshot.AdmissionPlugin {
	var out []snapshot.AdmissionPlugin
	for _, p := range items(root, "plugins") {
		a := snapshot.AdmissionPlugin{Name: word(p, "name"), State: snapshot.Observed}
		config := at(p, "configuration")
		if f := word(p, "path"); f != "" && config == nil {
			if !path.IsAbs(f) {
				f = path.Join(dir, f)
			}
			d := n.content(b, f)
			a.File, a.State, config = host.Text(f), d.state, d.root
			b.Named = append(b.Named, n.look(b, "admission plugin "+a.Name, f))
		}
		switch a.Name {
		case "EventRateLimit":
			for _, l := range items(config, "limits") {
				a.EventLimits = append(a.EventLimits, word(l, "type"))
			}
		case "PodSecurity":
			a.Exempt = &snapshot.PodSecurityExemption{
				Users: wordList(config, "exemptions", "usernames"), RuntimeClasses: wordList(config, "exemptions", "runtimeClasses"),
				Namespaces: wordList(config, "exemptions", "namespaces"),
			}
		}
		out = append(out, a)
	}
	return out
}

// encryption reads EncryptionConfiguration without its keys.
func encryption(root *yaml.Node) []snapshot.EncryptionRule {
	var out []snapshot.EncryptionRule
	for _, r := range items(root, "resources") {
		e := snapshot.EncryptionRule{Resources: wordList(r, "resources")}
		for _, p := range items(r, "providers") {
			for _, pair := range p.Entries() {
				name := host.Text(pair.Key.Value)
				if name == "kms" {
					name = "kms-v1"
					if word(pair.Value, "apiVersion") == "v2" {
						name = "kms-v2"
					}
				}
				e.Providers = append(e.Providers, name)
			}
		}
		out = append(out, e)
	}
	return out
}

func authentication(root *yaml.Node) snapshot.AuthenticationConfig {
	a := snapshot.AuthenticationConfig{Anonymous: word(root, "anonymous", "enabled")}
	for _, c := range items(root, "anonymous", "conditions") {
		a.Paths = append(a.Paths, word(c, "path"))
	}
	for _, j := range items(root, "jwt") {
		a.Issuers = append(a.Issuers, withoutLogin(word(j, "issuer", "url")))
	}
	return a
}

func authorizers(root *yaml.Node) []string {
	var out []string
	for _, a := range items(root, "authorizers") {
		out = append(out, word(a, "type"))
	}
	return out
}

func auditPolicy(root *yaml.Node) []snapshot.AuditPolicyRule {
	var out []snapshot.AuditPolicyRule
	for _, r := range items(root, "rules") {
		a := snapshot.AuditPolicyRule{
			Level: word(r, "level"), Users: wordList(r, "users"), Groups: wordList(r, "userGroups"), Verbs: wordList(r, "verbs"),
			Namespaces: wordList(r, "namespaces"), URLs: wordList(r, "nonResourceURLs"),
		}
		for _, g := range items(r, "resources") {
			a.Resources = append(a.Resources, snapshot.AuditResources{Group: word(g, "group"), Resources: wordList(g, "resources"), Names: wordList(g, "resourceNames")})
		}
		out = append(out, a)
	}
	return out
}

// withoutLogin leaves out of a URL who signs in with it, and its query.
func withoutLogin(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "?")
	authority, tail, slash := strings.Cut(rest, "/")
	if i := strings.LastIndex(authority, "@"); i >= 0 {
		authority = authority[i+1:]
	}
	if slash {
		authority += "/" + tail
	}
	return scheme + "://" + authority
}
