// Package threat holds the STRIDE catalogue and decides, from findings, which
// threats are open and what they weigh.
package threat

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// Threat is one row of the catalogue. It is about a class of elements; whether
// it is open is decided for each element.
type Threat struct {
	ID          string // PLATFORM-ZONE-STRIDE-NN; never reused
	Platform    string // docker, kubernetes
	Zone        model.Zone
	Component   string
	Surface     string // where it attacks, in words; see Surfaces for the vocabulary
	Class       model.Class
	Title       string
	Attack      string   // how it is done, one sentence
	Techniques  []string // MITRE ATT&CK, "T1557 Adversary-in-the-Middle"
	Likelihood  int      // 1–5, before any evidence
	Impact      int      // 1–5
	Required    []Clause // decide the status
	Supporting  []Clause // move the likelihood
	Mitigations string
	Refs        []string
	Source      bool // named by the source document
}

// Clause is a list of alternatives: checks of which one must pass.
type Clause []string

// String is the catalogue's form: a|b.
func (c Clause) String() string { return strings.Join(c, "|") }

// Member is a check that clauses name, built or not.
type Member struct {
	Key     string
	Subject snapshot.Kind
	Surface model.Surface
	Title   string
}

var (
	//go:embed threats.csv
	threatsCSV string
	//go:embed members.csv
	membersCSV string
)

// Catalogue returns every threat in catalogue order. The value is shared and
// must not be changed.
var Catalogue = sync.OnceValue(func() []Threat {
	var out []Threat
	for i, row := range readTable("threats.csv", threatsCSV) {
		t, err := parseThreat(row)
		if err != nil {
			panic(fmt.Sprintf("threats.csv row %d: %v", i+2, err)) // embedded; a test reads it
		}
		out = append(out, t)
	}
	return out
})

// Members returns the checks that clauses name, by key.
var Members = sync.OnceValue(func() map[string]Member {
	out := make(map[string]Member)
	for _, row := range readTable("members.csv", membersCSV) {
		out[row["key"]] = Member{Key: row["key"], Subject: snapshot.Kind(row["subject"]), Surface: model.Surface(row["attack_surface"]), Title: row["title"]}
	}
	return out
})

func readTable(name, text string) []map[string]string {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := make(map[string]string, len(r))
		for i, head := range rows[0] {
			m[head] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func parseThreat(row map[string]string) (Threat, error) {
	t := Threat{
		ID: row["id"], Platform: row["platform"], Zone: model.Zone(row["zone"]), Component: row["component"],
		Surface: row["attack_surface"], Title: row["title"], Attack: row["attack"],
		Techniques: splitList(row["mitre_attack"]), Mitigations: row["mitigations"], Refs: splitList(row["refs"]),
		Required: ParseClauses(row["required"]), Supporting: ParseClauses(row["supporting"]),
		Source: row["source_document"] == "yes",
	}
	if len(row["stride"]) != 1 {
		return t, fmt.Errorf("STRIDE %q is not one letter", row["stride"])
	}
	t.Class = model.Class(row["stride"][0])
	var err error
	if t.Likelihood, err = strconv.Atoi(row["likelihood"]); err != nil {
		return t, fmt.Errorf("likelihood: %w", err)
	}
	if t.Impact, err = strconv.Atoi(row["impact"]); err != nil {
		return t, fmt.Errorf("impact: %w", err)
	}
	return t, nil
}

func splitList(s string) []string {
	var out []string
	for p := range strings.SplitSeq(s, ";") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// ParseClauses reads the catalogue's form: "a|b; c" is (a or b) and c.
func ParseClauses(s string) []Clause {
	var out []Clause
	for _, p := range splitList(s) {
		var c Clause
		for m := range strings.SplitSeq(p, "|") {
			c = append(c, strings.TrimSpace(m))
		}
		out = append(out, c)
	}
	return out
}

// Surfaces returns the attack surfaces of the threat: those of the checks that
// decide it, so that threats and measures are grouped by one vocabulary.
func (t *Threat) Surfaces() []model.Surface {
	var out []model.Surface
	for _, c := range t.Required {
		for _, key := range c {
			if s := Members()[key].Surface; !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}
