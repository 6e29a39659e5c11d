package config

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

const waiversSchema = "plimsoll.waivers/v1"

// longestWaiver is how many days from its reading a waiver may last, so that
// every one is looked at again within a year.
const longestWaiver = 366

// LoadWaivers reads the content of waivers.yaml. An alias that names several
// checks gives one waiver each, on the same line. Expired waivers load; [Report]
// tells them. now is the day on which the file is read, which for a saved
// snapshot is not the day that waivers are held against. An error is an *[Error]
// with everything that is wrong.
func LoadWaivers(data []byte, file string, suite []*check.Check, threatIDs []string, now time.Time) (policy.Waivers, error) {
	d, err := open(data, file, waiversSchema, "waivers")
	if err != nil {
		return nil, err
	}
	now = now.UTC()
	l := &waiverLoader{
		document: d, index: newIndex(suite), threatIDs: threatIDs, threats: make(map[string]string, len(threatIDs)),
		last: time.Date(now.Year(), now.Month(), now.Day()+longestWaiver, 0, 0, 0, 0, time.UTC),
	}
	for _, id := range threatIDs {
		l.threats[strings.ToLower(id)] = id
	}
	var out policy.Waivers
	for _, n := range l.List(l.fields["waivers"], "waivers") {
		if l.Full() {
			break
		}
		out = append(out, l.waiver(n)...)
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return out, nil
}

type waiverLoader struct {
	*document
	index     *index
	threatIDs []string
	threats   map[string]string // lower case -> as the catalogue writes it
	last      time.Time         // the latest day on which a waiver may expire
}

func (l *waiverLoader) waiver(n *yaml.Node) []policy.Waiver {
	const what = "the waiver"
	fields := l.Fields(n, what, "check", "threat", "scope", "decision", "reason", "owner", "expires")
	if n.Kind != yaml.Map {
		return nil
	}
	w := policy.Waiver{Line: n.Line}
	if scope := l.Required(n, fields, what, "scope", "{name: PATTERN}"); scope != nil {
		l.scope(&w, scope)
	}
	var decisions []string
	for _, d := range policy.Decisions {
		decisions = append(decisions, string(d))
	}
	w.Decision = policy.Decision(l.word(l.Required(n, fields, what, "decision", "accepted"), "decision", decisions))
	w.Reason = l.reason(l.Required(n, fields, what, "reason", "WHY"), "reason")
	w.Owner = l.line(l.Required(n, fields, what, "owner", "NAME"), "owner")
	w.Expires = l.expires(l.Required(n, fields, what, "expires", l.last.AddDate(0, 0, 90-longestWaiver).Format(time.DateOnly)))
	return l.about(n, fields, w)
}

// about gives the waiver its threat, or makes one for each of its checks.
func (l *waiverLoader) about(n *yaml.Node, fields map[string]*yaml.Node, w policy.Waiver) []policy.Waiver {
	c, t := fields["check"], fields["threat"]
	switch {
	case c != nil && t != nil:
		l.Errorf(t, "the waiver names a check and a threat; keep one, and write a second waiver for the other")
	case c == nil && t == nil:
		l.Errorf(n, "the waiver names neither a check nor a threat; add check: ID or threat: ID")
	case t != nil:
		name, ok := l.Text(t, "threat")
		if !ok {
			return nil
		}
		if w.Threat = l.threats[strings.ToLower(name)]; w.Threat == "" {
			l.Errorf(t, "there is no threat %s%s", yaml.Quote(name), hint(name, l.threatIDs, "plimsoll threats lists them"))
		}
		return []policy.Waiver{w}
	default:
		name, ok := l.Text(c, "check")
		if !ok {
			return nil
		}
		checks, err := l.index.lookup(name)
		if err != nil {
			l.Errorf(c, "%v", err)
		}
		var out []policy.Waiver
		for _, one := range checks {
			w.Check = one.ID
			out = append(out, w)
		}
		return out
	}
	return nil
}

func (l *waiverLoader) scope(w *policy.Waiver, n *yaml.Node) {
	fields := l.Fields(n, "scope", "kind", "name", "zone")
	if k := fields["kind"]; k != nil {
		w.Kind = fullKind(l.word(k, "kind", kinds()))
	}
	if z := fields["zone"]; z != nil {
		w.Zone = l.word(z, "zone", zones())
	}
	if name := l.Required(n, fields, "scope", "name", "PATTERN"); name != nil {
		w.Name = l.pattern(name)
	}
}

// global matches the patterns that pick nothing out: wildcards only, or
// wildcards after the word that begins every key of a kind.
var global = regexp.MustCompile(`^((name|compose|swarm|k8s|image|network|file)/)?(\[[^\]]*\]|[*?/\\._ -])*$`)

// longestPattern is how many bytes a pattern of names may have.
const longestPattern = 512

func (l *waiverLoader) pattern(n *yaml.Node) string {
	v, ok := l.Text(n, "name")
	if !ok {
		return ""
	}
	switch {
	case global.MatchString(v):
		l.Errorf(n, "name is %s, which takes in everything; name what the waiver is for, as in web or batch-*", yaml.Quote(v))
	case len(v) > longestPattern || !plain(v):
		l.Errorf(n, "name is %s; it takes a pattern of at most %d bytes, without blanks around it or control characters", yaml.Quote(v), longestPattern)
	default:
		if _, err := path.Match(v, ""); err != nil {
			l.Errorf(n, "name is %s; every [ needs its ], and \\ stands before a character", yaml.Quote(v))
			return ""
		}
		return v
	}
	return ""
}

func (l *waiverLoader) expires(n *yaml.Node) time.Time {
	day, ok := l.date(n, "expires")
	if ok && day.After(l.last) {
		l.Errorf(n, "expires is %s; a waiver lasts at most %d days, so until %s", day.Format(time.DateOnly), longestWaiver, l.last.Format(time.DateOnly))
	}
	return day
}

const dockerPrefix = "docker-"

// kinds lists what a waiver may write as kind; docker- may be left out.
func kinds() []string {
	var out []string
	for _, k := range []snapshot.Kind{
		snapshot.KindContainer, snapshot.KindEngine, snapshot.KindImage, snapshot.KindNetwork, snapshot.KindClient,
		snapshot.KindHost, snapshot.KindHostFile, snapshot.KindRegistry, snapshot.KindSwarm, snapshot.KindFile, snapshot.KindCompose,
		snapshot.KindAPIServer, snapshot.KindEtcd, snapshot.KindControllerManager, snapshot.KindScheduler, snapshot.KindKubelet, snapshot.KindKubeProxy, snapshot.KindNodeFile,
	} {
		if short, ok := strings.CutPrefix(string(k), dockerPrefix); ok {
			out = append(out, short)
		}
		out = append(out, string(k))
	}
	return out
}

// fullKind is the kind as the snapshot writes it.
func fullKind(k string) string {
	if full := dockerPrefix + k; slices.Contains(kinds(), full) {
		return full
	}
	return k
}

func zones() []string {
	out := make([]string, len(model.Zones))
	for i, z := range model.Zones {
		out[i] = string(z)
	}
	return out
}
