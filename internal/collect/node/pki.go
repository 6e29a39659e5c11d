package node

import (
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// pki reads certificates and kubeconfigs of the node.
func (n *survey) pki() {
	v := n.m.View()
	denied := 0
	for i := range n.list {
		f := &n.list[i]
		if f.Is(snapshot.RolePKICert, snapshot.RolePKIKey, snapshot.RoleKubeletCA) {
			b, err := v.Read(f.Path)
			if host.IsDenied(err) {
				denied++
			}
			if err == nil {
				n.addCertificates(f.Path, "", certificates(b))
			}
		}
	}
	for _, c := range n.confs {
		if n.kubeconfig(c) == snapshot.Denied {
			denied++
		}
	}
	n.signers()
	if denied > 0 {
		n.part(snapshot.PartNodePKI, snapshot.Observed, snapshot.ReasonPartial, "Some certificates and kubeconfigs may be read by root only.", Grant)
		return
	}
	n.part(snapshot.PartNodePKI, snapshot.Observed, snapshot.ReasonNone, "", "")
}

// authority finds the cluster's authority: what kubelets and API server verify
// clients with.
func (n *survey) authority() {
	for _, want := range []struct{ name, by string }{
		{snapshot.Kubelet, "authentication.x509.clientCAFile"}, {snapshot.Kubelet, "--client-ca-file"}, {snapshot.APIServer, "--client-ca-file"},
	} {
		for i := range n.out.Components {
			c := &n.out.Components[i]
			if f := c.FileBy(want.by); c.Name == want.name && f != nil {
				n.takeAuthority(cmp.Or(f.At, f.Path))
			}
		}
	}
	n.takeAuthority(n.distro.kubelet.ca)
	for _, dir := range n.distro.pki {
		n.takeAuthority(path.Join(dir, "ca.crt"))
	}
}

func (n *survey) takeAuthority(name string) {
	if len(n.caDER) > 0 || !path.IsAbs(name) {
		return
	}
	b, err := n.m.View().Read(name)
	if err != nil {
		return
	}
	if list := certificates(b); len(list) > 0 {
		n.caDER, n.caKey = list[0].Raw, hashKey(list[0].RawSubjectPublicKeyInfo)
		n.ca = list
	}
}

// kubeconfig reduces a file to how its entries sign in.
func (n *survey) kubeconfig(name string) snapshot.State {
	k := snapshot.Kubeconfig{Scope: n.hostID, Path: host.Text(name)}
	v := n.m.View()
	d := read(v, name)
	k.State, k.Reason = d.state, d.reason
	if d.state == snapshot.Absent {
		return d.state
	}
	for _, c := range items(d.root, "clusters") {
		if s := withoutLogin(word(c, "cluster", "server")); s != "" && !slices.Contains(k.Servers, s) {
			k.Servers = append(k.Servers, s)
		}
		k.Insecure = k.Insecure || word(c, "cluster", "insecure-skip-tls-verify") == "true"
	}
	for _, u := range items(d.root, "users") {
		k.Users = append(k.Users, n.user(name, word(u, "name"), at(u, "user")))
	}
	n.out.Kubeconfigs = append(n.out.Kubeconfigs, k)
	return d.state
}

// user says how one entry signs in, and notes its certificate.
func (n *survey) user(file, name string, u *yaml.Node) snapshot.KubeconfigUser {
	out := snapshot.KubeconfigUser{Name: name, Auth: "none"}
	has := func(key string) bool { return at(u, key) != nil && !at(u, key).IsNull() }
	switch {
	case has("exec"):
		out.Auth, out.File = "exec", host.Text(word(u, "exec", "command"))
	case has("auth-provider"):
		out.Auth = "provider"
	case has("token"):
		out.Auth, out.ServiceAccount = "token", isServiceAccount(at(u, "token").Value)
	case has("tokenFile"):
		out.Auth, out.File = "token-file", word(u, "tokenFile")
	case has("password"):
		out.Auth = "password"
	case has("client-certificate-data"):
		out.Auth = "certificate"
		if b, err := base64.StdEncoding.DecodeString(at(u, "client-certificate-data").Value); err == nil {
			n.addCertificates(file, cmp.Or(name, "user"), certificates(b))
		}
	case has("client-certificate"):
		out.Auth = "certificate-file"
		at := word(u, "client-certificate")
		if !path.IsAbs(at) {
			at = path.Join(filepath.ToSlash(path.Dir(file)), at)
		}
		out.File = at
		if b, err := n.m.View().Read(at); err == nil {
			n.addCertificates(at, "", certificates(b))
		}
	}
	return out
}

// isServiceAccount looks into the readable part of a token for whom it was made;
// the signature is not looked at and nothing of it is kept.
func isServiceAccount(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return false
	}
	var claims struct {
		Sub string `json:"sub"`
	}
	return json.Unmarshal(b, &claims) == nil && strings.HasPrefix(claims.Sub, "system:serviceaccount:")
}

// chains reports whether the cluster's authority proves to have signed a
// certificate.
func (n *survey) chains(c *x509.Certificate) bool {
	return slices.ContainsFunc(n.ca, func(ca *x509.Certificate) bool { return c.CheckSignatureFrom(ca) == nil })
}
