package kube

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// apiAuth are the rows about who gets in and what they may do.
var apiAuth = []row{
	{
		id: "apiserver-anonymous-auth", title: "Anonymous requests are refused or limited to health probes", sev: check.High, stride: "SE", n111: "1.2.1", n112: "1.2.1",
		why:    "A request without credentials becomes the user system:anonymous, and a single careless binding then opens the cluster to whoever reaches the port. The last occurrence of the flag holds; structured authentication can limit anonymous requests to health probes.",
		remedy: "Set --anonymous-auth=false, or give an --authentication-config whose anonymous section is off or limited to /livez, /readyz and /healthz. Probes of the static pod must then sign in or use a permitted path.",
		run:    anonymous,
	},
	{
		id: "apiserver-no-token-auth-file", title: "No static token file is used", sev: check.High, stride: "SR", n111: "1.2.2", n112: "1.2.2",
		why:    "Tokens of such a file stand in clear on the disk, never expire, and are revoked only by editing the file and restarting every API server.",
		remedy: "Remove --token-auth-file; use an identity provider for people and bound service account tokens for programs.",
		run: func(c *comp) check.Verdict {
			f := c.flag("token-auth-file", "")
			if v, unknown := f.unknown(); unknown && !f.set {
				return v
			}
			if f.set && f.value != "" || f.missing != "" {
				return check.Failed("a file of static tokens is in use", f.ev())
			}
			return check.Passed("no file of static tokens is in use", f.ev())
		},
	},
	{
		id: "apiserver-authz-not-alwaysallow", title: "API requests are authorized", sev: check.Critical, stride: "E", n111: "1.2.6", n112: "1.2.6",
		why:    "AlwaysAllow makes everyone who signs in, and anonymous callers where they are let in, an administrator. It is also what holds when no mode is given at all.",
		remedy: "Set --authorization-mode=Node,RBAC, or an --authorization-config without AlwaysAllow.",
		run: func(c *comp) check.Verdict {
			modes, e, v, ok := authorizers(c)
			switch {
			case !ok:
				return v
			case slices.Contains(modes, "AlwaysAllow"):
				return check.Failed("every request is allowed", e)
			}
			return check.Passed("requests are authorized", e)
		},
	},
	{
		id: "apiserver-authz-node", title: "Node authorization is on", sev: check.High, stride: "E", n111: "1.2.7", n112: "1.2.7",
		why:    "Without the Node authorizer kubelets need broad rights by role, so that one stolen kubelet credential reads the secrets of every node. Its place before RBAC keeps a role from widening what it would have decided.",
		remedy: "Put Node before RBAC in --authorization-mode or in the authorizers of --authorization-config.",
		run: func(c *comp) check.Verdict {
			modes, e, v, ok := authorizers(c)
			node, rbac := slices.Index(modes, "Node"), slices.Index(modes, "RBAC")
			switch {
			case !ok:
				return v
			case node < 0:
				return check.Failed("the Node authorizer is not in the list", e)
			case rbac >= 0 && rbac < node:
				return check.Failed("RBAC is asked before the Node authorizer", e)
			}
			return check.Passed("kubelets are limited to what belongs to their node", e)
		},
	},
	{
		id: "apiserver-authz-rbac", title: "RBAC authorization is on", sev: check.Critical, stride: "E", n111: "1.2.8", n112: "1.2.8",
		why:    "Roles and bindings have an effect only where the RBAC authorizer is asked; without it rights come from files or webhooks that nobody sees in the cluster.",
		remedy: "Add RBAC to --authorization-mode or to the authorizers of --authorization-config.",
		run: func(c *comp) check.Verdict {
			modes, e, v, ok := authorizers(c)
			switch {
			case !ok:
				return v
			case !slices.Contains(modes, "RBAC"):
				return check.Failed("the RBAC authorizer is not in the list", e)
			}
			return check.Passed("roles and bindings decide", e)
		},
	},
	{
		id: "apiserver-service-account-lookup", title: "Deleted service accounts lose access at once", sev: check.Medium, stride: "SR", n111: "1.2.21", n112: "1.2.21",
		why:    "With the look-up off a token of a service account or pod that was deleted stays good until it expires.",
		remedy: "Remove --service-account-lookup=false; looking up is the default.",
		run:    turned("service-account-lookup", "true", true, "tokens are looked up", "tokens of deleted accounts stay valid"),
	},
	{
		id: "apiserver-service-account-key-file", title: "Service account tokens have their own signing key", sev: check.Medium, stride: "ST", n111: "1.2.22", n112: "1.2.22",
		why:    "Without a key of its own the API server verifies tokens with its serving key: whoever gets that key then forges any service account, and rotating one breaks the other. The public halves of both are compared.",
		remedy: "Give a key pair of its own by --service-account-key-file and --service-account-signing-key-file, or an external signer.",
		run:    ownSigningKey,
	},
	{
		id: "apiserver-no-extended-token-expiration", title: "Service account tokens expire on time", sev: check.Medium, stride: "SR", n111: "1.2.30", n112: "1.2.30",
		why:    "By default the API server stretches the hour that a pod's token is asked for to a year, for clients that do not read it anew. A token that leaks is then good for a year.",
		remedy: "Set --service-account-extend-token-expiration=false once the metric serviceaccount_stale_tokens_total stays at zero.",
		run:    turned("service-account-extend-token-expiration", "true", false, "tokens live as long as was asked", "tokens of pods live up to a year"),
	},
	{
		id: "apiserver-insecure-port", title: "The unauthenticated API port is closed", sev: check.Critical, stride: "SIE", n111: "", n112: "",
		why:    "Releases before 1.24 could serve the API in clear to anyone, without signing in and with every right. Later ones refuse the flags.",
		remedy: "Remove --insecure-port and --insecure-bind-address, and update the cluster.",
		run: func(c *comp) check.Verdict {
			port, address := c.flag("insecure-port", ""), c.flag("insecure-bind-address", "")
			if v, unknown := port.unknown(); unknown {
				return v
			}
			if port.set && port.value != "0" {
				return check.Failed("the API is served without authentication", port.ev())
			}
			if address.set && address.value != "" && !port.set {
				return check.Failed("an address is set for the API without authentication", address.ev())
			}
			return check.Passed("no port serves the API without authentication", port.ev(), address.ev())
		},
	},
	{
		id: "front-proxy-ca-distinct", title: "The aggregation layer has its own CA", sev: check.High, stride: "SE", tier: 2,
		why:    "Whoever shows a certificate of the request-header CA may name any user in a header. When it is the CA of clients too, or its allowed names are empty, each holder of a client certificate can be anybody. Public keys are compared, so that one CA under two names does not hide.",
		remedy: "Give --requestheader-client-ca-file a CA of its own and name the proxy's certificate in --requestheader-allowed-names.",
		run:    frontProxy,
	},
}

// authorizers returns the effective list and what it is from.
func authorizers(c *comp) ([]string, check.Evidence, check.Verdict, bool) {
	if f := c.flag("authorization-config", ""); f.set && f.value != "" {
		e := ev("authorizers of "+f.value, "not readable")
		if c.API == nil || !c.API.Authorizers.Known() {
			return nil, e, unread(c, "authorization-config", e), false
		}
		list := c.API.Authorizers.V
		e.Value = strings.Join(list, ", ")
		return list, e, check.Verdict{}, true
	}
	list, f := c.list("authorization-mode", "AlwaysAllow")
	if v, unknown := f.unknown(); unknown {
		return nil, f.ev(), v, false
	}
	return list, f.ev(), check.Verdict{}, true
}

// unread is the verdict for a file of the component that was not read.
func unread(c *comp, name string, e ...check.Evidence) check.Verdict {
	f := c.FileBy("--" + name)
	if f == nil {
		return check.Undecided(snapshot.ReasonPartial, "the file of --"+name+" was not read", e...)
	}
	switch f.State {
	case snapshot.Absent:
		return check.Failed("the file of --"+name+" does not exist", e...)
	case snapshot.Denied:
		return check.Undecided(snapshot.ReasonDenied, "the file of --"+name+" may be read by root only", e...)
	case snapshot.Observed:
		return check.Undecided(snapshot.ReasonUnparsable, "the file of --"+name+" was not understood", e...)
	case snapshot.Skipped, snapshot.Failed:
	}
	return check.Undecided(snapshot.ReasonFailed, "the file of --"+name+" was not readable", e...)
}

func anonymous(c *comp) check.Verdict {
	f := c.flag("anonymous-auth", "true")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	on, ok := f.bool()
	if !ok {
		return f.garbled()
	}
	if file := c.flag("authentication-config", ""); file.set && file.value != "" {
		if c.API == nil || !c.API.Authentication.Known() {
			return unread(c, "authentication-config", f.ev(), file.ev())
		}
		if a := c.API.Authentication.V; a.Anonymous != "" {
			return structured(a, file.value)
		}
	}
	if on {
		return check.Failed("requests without credentials are let in as system:anonymous", f.ev())
	}
	return check.Passed("requests without credentials are refused", f.ev())
}

func structured(a snapshot.AuthenticationConfig, file string) check.Verdict {
	e := []check.Evidence{ev(file+": anonymous.enabled", a.Anonymous), ev(file+": anonymous.conditions", strings.Join(a.Paths, ", "))}
	if a.Anonymous == "false" {
		return check.Passed("requests without credentials are refused", e[0])
	}
	if len(a.Paths) == 0 {
		return check.Failed("requests without credentials are let in everywhere", e...)
	}
	for _, p := range a.Paths {
		if !slices.Contains([]string{"/livez", "/readyz", "/healthz"}, p) {
			return check.Failed("requests without credentials are let in at other paths than health probes", e...)
		}
	}
	return check.Passed("only health probes need no credentials", e...)
}

func ownSigningKey(c *comp) check.Verdict {
	if f := c.flag("service-account-signing-endpoint", ""); f.set && f.value != "" {
		return check.Passed("an external signer is set", f.ev())
	}
	f := c.flag("service-account-key-file", "")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	if f.value == "" {
		return check.Failed("no key is set, so that the serving key verifies tokens", f.ev())
	}
	serving := c.FileBy("--tls-private-key-file")
	for i := range c.Named {
		n := &c.Named[i]
		if n.By != "--service-account-key-file" {
			continue
		}
		if serving != nil && (n.Key != "" && n.Key == serving.Key || n.Path == serving.Path) {
			return check.Failed("it is the key of the serving certificate", f.ev(), ev("--tls-private-key-file", serving.Path))
		}
		if serving != nil && (n.Key == "" || serving.Key == "") {
			return check.Undecided(snapshot.ReasonPartial, "a key is set; whether it is that of the serving certificate could not be compared", f.ev())
		}
	}
	return check.Passed("tokens have a key of their own", f.ev())
}

func frontProxy(c *comp) check.Verdict {
	ca, clients := c.flag("requestheader-client-ca-file", ""), c.flag("client-ca-file", "")
	if v, unknown := ca.unknown(); unknown {
		return v
	}
	if ca.value == "" {
		return check.Passed("no request header names a user, since no CA is set for it", ca.ev())
	}
	names, f := c.list("requestheader-allowed-names")
	a, b := c.FileBy("--requestheader-client-ca-file"), c.FileBy("--client-ca-file")
	switch {
	case ca.value == clients.value || a != nil && b != nil && a.Key != "" && a.Key == b.Key:
		return check.Failed("clients and the aggregation layer share a CA", ca.ev(), clients.ev(), f.ev())
	case len(names) == 0:
		return check.Failed("any certificate of the CA may name any user", ca.ev(), f.ev())
	case clients.value != "" && (a == nil || b == nil || a.Key == "" || b.Key == ""):
		return check.Undecided(snapshot.ReasonPartial, "the keys of the two CAs were not readable", ca.ev(), clients.ev())
	}
	return check.Passed("the aggregation layer has a CA of its own", ca.ev(), f.ev())
}
