package registry

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

var login = about(check.Check{
	ID:    "registry-authentication",
	Title: "The registry demands a login",
	Why: "Without a login anyone who reaches the registry reads what is in it, and mostly writes too. A demand alone is no proof: the development setting silly accepts every header, " +
		"which its challenge gives away. Where the configuration was read, the hashes of its password file count too.",
	Remedy:   "Set auth.htpasswd with bcrypt hashes, or auth.token with a token service, and never auth.silly.",
	Severity: check.High, STRIDE: "SE", Tier: 1,
}, demandsLogin)

func demandsLogin(v *view) check.Verdict {
	answer := status("GET /v2/", v.api.Status)
	if v.api.Status == 200 {
		return check.Failed("it serves its API without a login", answer)
	}
	if !refused(v.api.Status) || len(v.api.Challenges) == 0 {
		return check.Undecided(snapshot.ReasonUnresolved, "its answer is neither an API nor a demand for a login", answer)
	}
	ch := v.api.Challenges[0]
	evidence := []check.Evidence{answer, ev("WWW-Authenticate", strings.TrimSpace(ch.Scheme+" "+ch.Realm))}
	if v.cfg == nil {
		if ch.Scheme == "bearer" && ch.Realm == "" {
			return check.Undecided(snapshot.ReasonUnresolved, "its token service has no address, as that of the setting silly, which accepts anyone", evidence...)
		}
		return check.Passed("it demands a login", evidence...).Note("how it keeps passwords was not seen")
	}
	evidence = append(evidence, v.setting("auth", v.auth()))
	switch h := v.cfg.Htpasswd; {
	case slices.Contains(v.cfg.Auth, "silly"):
		return check.Failed("its setting silly accepts any header as a login", evidence...)
	case !slices.Contains(v.cfg.Auth, "htpasswd"):
		return check.Passed("it demands a login", evidence...)
	case !h.Known():
		return unseen(h, "it demands a login, but its password file was not readable")
	case h.V.Weak > 0:
		return check.Failed("it keeps passwords under hashes other than bcrypt", append(evidence, ev(h.Source, fmt.Sprintf("%d of %d entries", h.V.Weak, h.V.Entries)))...)
	}
	return check.Passed("it demands a login, and keeps passwords under bcrypt", evidence...)
}

var anonymousPull = about(check.Check{
	ID:       "registry-anonymous-pull",
	Title:    "Private repositories refuse anonymous pulls",
	Why:      "An image holds the code, and often the credentials, of what runs from it. Plimsoll asks for tags and a manifest of the repositories that the catalogue lists or that containers here run from, without a login.",
	Remedy:   "Demand a login, close the projects that are open, or name the repositories that are meant to be public in public_repositories.",
	Severity: check.Medium, STRIDE: "I", Tier: 2,
	Needs:  []snapshot.Part{snapshot.PartRegistryAPI, snapshot.PartRegistryContent},
	Params: []check.Param{{Name: "public_repositories", Unit: "list", Meaning: "repositories, or NAMESPACE/*, that anyone may pull"}},
}, refusesPull)

func refusesPull(v *view) check.Verdict {
	public, _ := v.p.List("public_repositories")
	var open []string
	unclear := 0
	for _, r := range v.Content.V.Repos {
		switch {
		case r.Manifest == 200 || r.Tags == 200:
			if !meant(r.Name, public) {
				open = append(open, r.Name)
			}
		case refused(r.Tags) || refused(r.Manifest):
			// as it should be
		default:
			unclear++
		}
	}
	answer := status("GET /v2/", v.api.Status)
	switch {
	case len(open) > 0:
		return check.Failed("anyone may pull from it", ev("pulled without a login", firstFew(open)))
	case unclear > 0:
		return check.Undecided(snapshot.ReasonUnresolved, "it neither gave nor refused a repository", ev("repositories", unclear))
	case len(v.Content.V.Repos) > 0:
		out := check.Passed("it refuses pulls without a login, but of what is meant to be public", answer, ev("asked for", len(v.Content.V.Repos)))
		if more := v.Content.V.Listed - len(v.Content.V.Repos); more > 0 {
			out = out.Note(fmt.Sprintf("the first %d of %d were asked for", len(v.Content.V.Repos), v.Content.V.Listed))
		}
		return out
	case v.api.Status == 200 && (v.open() || v.cfg == nil && v.Content.V.Catalog == 200):
		return check.Failed("it demands no login, so that what it will hold is anyone's", answer, status("GET /v2/_catalog", v.Content.V.Catalog))
	case v.cfg != nil && refused(v.api.Status) && !v.open() && !slices.Contains(v.cfg.Auth, "silly") && !slices.Contains(v.cfg.Auth, "token"):
		return check.Passed("it demands a login for everything", answer, v.setting("auth", v.auth()))
	case v.Token.Known() && refused(v.Token.V.Status):
		return check.Passed("its token service issues nothing without a login", answer, status(v.Token.Source, v.Token.V.Status))
	}
	return check.Undecided(snapshot.ReasonPartial, "no repository's name is known to ask for", answer)
}

// meant reports whether a repository is on the list of public ones.
func meant(name string, public []string) bool {
	return slices.ContainsFunc(public, func(p string) bool {
		space, all := strings.CutSuffix(p, "/*")
		return name == p || all && strings.HasPrefix(name, space+"/")
	})
}

var catalogClosed = about(check.Check{
	ID:       "registry-catalog-restricted",
	Title:    "The repository list is not public",
	Why:      "The list of repositories says what is built and run, and gives every name that can then be pulled or overwritten.",
	Remedy:   "Demand a login; with a token service, grant registry:catalog:* to administrators alone.",
	Severity: check.Medium, STRIDE: "I", Tier: 2,
	Needs:   []snapshot.Part{snapshot.PartRegistryContent},
	Covered: []string{"registry-authentication"},
}, hidesCatalog)

func hidesCatalog(v *view) check.Verdict {
	c := v.Content.V
	answer := status("GET /v2/_catalog", c.Catalog)
	switch {
	case c.Catalog == 200:
		return check.Failed("anyone may list its repositories", answer, ev("repositories on the first page", c.Listed))
	case refused(c.Catalog), c.Catalog == 404, c.Catalog == 405:
		return check.Passed("it lists its repositories to nobody without a login", answer)
	}
	return check.Undecided(snapshot.ReasonUnresolved, "its answer is neither a list nor a refusal", answer)
}

var tokenScope = about(check.Check{
	ID:    "registry-token-scope-minimal",
	Title: "Registry tokens grant only what is asked",
	Why: "A token that grants more than was asked, or lives long, is worth stealing from the client that holds it. " +
		"Plimsoll asks the token service, where it is on the registry's own host and without a login, for the right to pull one made-up repository, and reads the claims.",
	Remedy:   "Let the token service grant the requested scope alone, and set its expiration to minutes.",
	Severity: check.Medium, STRIDE: "I", Tier: 2,
	Params: []check.Param{{Name: "max_lifetime", Unit: "minutes", Default: []string{"15"}, Meaning: "life of an issued token"}},
}, grantsLittle)

func grantsLittle(v *view) check.Verdict {
	t, limit := v.Token.V, v.p.Int("max_lifetime")
	switch {
	case v.Token.State == snapshot.Absent:
		return check.Inapplicable("it uses no tokens")
	case !v.Token.Known():
		return unseen(v.Token, "its token service was not asked: it is on another host, or did not answer")
	}
	evidence := []check.Evidence{status(v.Token.Source, t.Status), ev("grants", firstFew(t.Grants)), ev("seconds", t.Seconds)}
	switch {
	case t.Status != 200:
		return check.Undecided(snapshot.ReasonDenied, "its token service issues nothing without a login", evidence[0])
	case t.Wider:
		return check.Failed("its tokens grant what was not asked for", evidence...)
	case t.Seconds > limit*60:
		return check.Failed(fmt.Sprintf("its tokens live longer than %d minutes", limit), evidence...)
	case t.Opaque || t.Seconds <= 0:
		return check.Undecided(snapshot.ReasonUnparsable, "its tokens do not show what they grant and for how long", evidence[0])
	}
	return check.Passed("its tokens grant what was asked for, for a short time", evidence...)
}

// publicOf returns the addresses that the internet reaches.
func publicOf(addresses []string) []string {
	return slices.DeleteFunc(slices.Clone(addresses), func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast())
	})
}

func has(list []string, s string) bool { return slices.Contains(list, s) }

// firstFew joins names, at most eight of them.
func firstFew(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
