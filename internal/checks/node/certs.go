package node

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var componentNames = check.Param{
	Name: "component_names", Unit: "list", Meaning: "subjects that are components",
	Default: []string{"kubernetes-admin", "kubernetes-super-admin", "kube-apiserver-kubelet-client", "kube-apiserver-etcd-client", "front-proxy-client", "kube-etcd-healthcheck-client"},
}

var clientLifetime = func() *check.Check {
	c := file("client-cert-lifetime", "Client certificates are short-lived",
		"The API knows no revocation: the life of a certificate is how long a stolen one works. Components renew theirs within a year; one of a person should live for a day.",
		"Renew component certificates every year (kubeadm certs renew), and give people an identity provider or certificates of a day (expirationSeconds of the request).",
		"Whoever uses the certificate must get another one first.",
		check.Medium, model.ZoneControlPlane, model.SurfaceAPIEndpoint, "SR", 1, func(p *check.Probe) {
			judgeCerts(p, func(c *snapshot.X509) bool { return c.Client && !c.Server && !c.CA }, lifetime)
		})
	c.Params = []check.Param{
		componentNames,
		{Name: "max_component", Unit: "days", Default: []string{"366"}, Meaning: "life of component certificates"},
		{Name: "max_other", Unit: "hours", Default: []string{"24"}, Meaning: "life of other certificates"},
	}
	return c
}()

var expirySoon = func() *check.Check {
	c := file("cert-expiry-soon", "No cluster certificate is about to expire",
		"An expired certificate stops the component that shows it, and an expired CA the whole cluster, mostly on a day when nobody looks.",
		"Renew it: kubeadm certs renew, then restart the components; a CA needs a rotation.",
		"Renewal restarts components, and a CA is changed in several steps.",
		check.Medium, model.ZoneControlPlane, model.SurfaceAPIEndpoint, "D", 2, func(p *check.Probe) {
			judgeCerts(p, func(*snapshot.X509) bool { return true }, expiry)
		})
	c.Params = []check.Param{{Name: "min_left", Unit: "days", Default: []string{"30"}, Meaning: "days left"}}
	return c
}()

var mastersCerts = func() *check.Check {
	c := file("system-masters-certs", "No everyday certificate belongs to the masters group",
		"The group system:masters is above every authorizer: nothing takes its rights back, and its certificate cannot be revoked. One may exist for emergencies, in a file of root's that nobody uses.",
		"Issue everyday certificates for a group with a binding (kubeadm:cluster-admins), and keep one of system:masters in a kubeconfig of mode 0600 of root's, such as super-admin.conf.",
		"Who uses the certificate now must get another one first.",
		check.High, model.ZoneControlPlane, model.SurfaceAccessRights, "ER", 1, func(p *check.Probe) {
			judgeCerts(p, func(c *snapshot.X509) bool { return !c.CA }, masters)
		})
	c.Refs = check.CISK8s(0, "5.1.7", "5.1.7")
	return c
}()

func isComponent(name string, components []string) bool {
	return strings.HasPrefix(name, "system:") || slices.Contains(components, name)
}

// judgeCerts reports a verdict of every file that has certificates of a sort. All
// certificates of a file count.
func judgeCerts(p *check.Probe, wanted func(*snapshot.X509) bool, verdict func(*check.Probe, *snapshot.File, []*snapshot.X509) check.Verdict) {
	if st := p.Part(snapshot.PartNodePKI); st.State != snapshot.Observed && st.State != snapshot.Absent {
		p.Report(check.Undecided(cmp.Or(st.Reason, snapshot.ReasonFor(st.State)), cmp.Or(st.Detail, string(snapshot.PartNodePKI)+" was "+st.State.String()+": run plimsoll on the nodes")), p.Self())
		return
	}
	at := make(map[[2]string][]*snapshot.X509)
	for i := range p.Snapshot.Certificates {
		if c := &p.Snapshot.Certificates[i]; c.Cluster == p.Scope.ID && wanted(c) {
			k := [2]string{c.Scope, c.Path}
			at[k] = append(at[k], c)
		}
	}
	judgeFiles(p, false, "no certificate of this sort was found on the node", func(f *snapshot.File) bool {
		return len(at[[2]string{f.Scope, f.Path}]) > 0 || closed(p, f)
	}, func(_ int, f *snapshot.File) check.Verdict {
		list := at[[2]string{f.Scope, f.Path}]
		if len(list) == 0 {
			return check.Undecided(snapshot.ReasonDenied, "which certificates are in it may be read by root only")
		}
		return verdict(p, f, list)
	})
}

// closed reports whether a file should hold certificates and its content could not
// be read.
func closed(p *check.Probe, f *snapshot.File) bool {
	if f.Is(snapshot.RolePKICert) {
		return f.State != snapshot.Absent && f.Key == ""
	}
	return slices.ContainsFunc(p.Snapshot.Kubeconfigs, func(k snapshot.Kubeconfig) bool {
		return k.Scope == f.Scope && k.Cluster == f.Cluster && k.Path == f.Path && k.State == snapshot.Denied
	})
}

func lifetime(p *check.Probe, _ *snapshot.File, list []*snapshot.X509) check.Verdict {
	names, _ := p.List("component_names")
	var hits shared.Hits
	for _, c := range list {
		most, kind := hours(p.Int("max_other")), "other"
		if isComponent(c.Subject, names) {
			most, kind = hours(24*min(p.Int("max_component"), 36500)), "component"
		}
		if life := c.Until.Sub(c.From); life > most {
			hits.Add(ev("certificate of "+c.Subject, fmt.Sprintf("%d days, %s", int(life.Hours()/24), kind)))
		}
	}
	if hits.Any() {
		return hits.Failed("it lives longer than policy allows")
	}
	return check.Passed("it lives no longer than policy allows", ev("certificate of "+list[0].Subject, "until "+list[0].Until.Format(time.DateOnly)))
}

func expiry(p *check.Probe, _ *snapshot.File, list []*snapshot.X509) check.Verdict {
	least := hours(24 * min(p.Int("min_left"), 36500))
	soonest := slices.MinFunc(list, func(a, b *snapshot.X509) int { return a.Until.Compare(b.Until) })
	e := ev("certificate of "+soonest.Subject, "until "+soonest.Until.Format(time.DateOnly))
	switch left := soonest.Until.Sub(p.Now); {
	case left <= 0:
		return check.Failed("it has expired", e)
	case left < least:
		return check.Failed(fmt.Sprintf("it expires in %d days", int(left.Hours()/24)), e)
	}
	return check.Passed("it is good for longer than policy asks", e)
}

func masters(_ *check.Probe, f *snapshot.File, list []*snapshot.X509) check.Verdict {
	i := slices.IndexFunc(list, func(c *snapshot.X509) bool { return slices.Contains(c.Orgs, "system:masters") })
	if i < 0 {
		return check.Passed("its certificate is of another group", ev("groups", cmp.Or(strings.Join(list[0].Orgs, ", "), "none")))
	}
	e := []check.Evidence{ev("certificate of "+list[i].Subject, "system:masters"), shared.OwnerEvidence(f), ev("mode", fmt.Sprintf("%04o", f.Mode))}
	if f.Is(snapshot.RoleAdminKubeconfig) && strings.HasSuffix(f.Path, "super-admin.conf") && f.UID == 0 && f.Mode&^0o600 == 0 {
		return check.Passed("it is the emergency kubeconfig, which root alone reads", e...)
	}
	return check.Failed("its certificate is above every rule", e...)
}

// hours of a policy's number, which may be absurd.
func hours(n int64) time.Duration { return time.Duration(min(max(n, 0), 1<<20)) * time.Hour }

var noEmbedded = func() *check.Check {
	c := file("kubeconfig-no-embedded-credentials", "Kubeconfig files hold no long-lived credentials",
		"A kubeconfig is copied to laptops, pipelines and tickets. A token, a password or a key in it works for whoever has the copy, for as long as it lives.",
		"Let entries run an exec plugin that gets short-lived credentials, or issue certificates of a day.",
		"Programs and people that use the file must get another way in first.",
		check.Medium, model.ZoneControlPlane, model.SurfaceConfigurationFiles, "S", 2, func(p *check.Probe) {
			judgeFiles(p, false, "no kubeconfig is on the node", func(f *snapshot.File) bool { return f.Is(snapshot.RoleAdminKubeconfig) }, func(_ int, f *snapshot.File) check.Verdict { return embedded(p, f) })
		})
	c.Params = []check.Param{{Name: "max_lifetime", Unit: "hours", Default: []string{"24"}, Meaning: "life of an embedded certificate"}}
	return c
}()

func embedded(p *check.Probe, f *snapshot.File) check.Verdict {
	i := slices.IndexFunc(p.Snapshot.Kubeconfigs, func(k snapshot.Kubeconfig) bool {
		return k.Scope == f.Scope && k.Cluster == f.Cluster && k.Path == f.Path
	})
	if i < 0 || p.Snapshot.Kubeconfigs[i].State != snapshot.Observed {
		reason := snapshot.ReasonPartial
		if i >= 0 {
			reason = cmp.Or(p.Snapshot.Kubeconfigs[i].Reason, snapshot.ReasonFor(p.Snapshot.Kubeconfigs[i].State), reason)
		}
		return check.Undecided(reason, "how its entries sign in could not be read")
	}
	limit := hours(p.Int("max_lifetime"))
	var hits shared.Hits
	for _, u := range p.Snapshot.Kubeconfigs[i].Users {
		switch u.Auth {
		case "token", "password":
			hits.Add(ev("user "+u.Name, "a "+u.Auth))
		case "certificate", "certificate-file":
			for j := range p.Snapshot.Certificates {
				c := &p.Snapshot.Certificates[j]
				own := c.Path == f.Path && c.In == u.Name || u.Auth == "certificate-file" && c.Path == u.File
				if c.Scope == f.Scope && c.Cluster == f.Cluster && own && c.N == 0 && c.Until.Sub(c.From) > limit {
					hits.Add(ev("user "+u.Name, fmt.Sprintf("a certificate of %d days", int(c.Until.Sub(c.From).Hours()/24))))
				}
			}
		}
	}
	if hits.Any() {
		return hits.Failed("it holds credentials that live long")
	}
	return check.Passed("no entry holds a long-lived credential", ev("entries", len(p.Snapshot.Kubeconfigs[i].Users)))
}
