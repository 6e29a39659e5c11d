// Package policy holds the user's decisions: thresholds and lists of checks,
// disabled and re-graded checks, answers to manual checks, and waivers. It is
// plain data; package config reads it from files.
package policy

import (
	"path"
	"slices"
	"strings"
	"time"
)

// Policy is the content of plimsoll.yaml.
type Policy struct {
	Params   map[string]map[string][]string // check -> parameter -> values; a scalar has one
	Disabled map[string]string              // check -> reason
	Severity map[string]string              // check -> severity it is re-graded to
	Answers  map[string]Answer              // manual check -> answer
}

// Answer is a person's answer to a manual check.
type Answer struct {
	Status string    // pass, fail, not-applicable
	Owner  string    // who answers for it
	Date   time.Time // when it was given
	Note   string
}

// Declared returns the values of a parameter and whether the user declared it.
// An empty declared list is declared.
func (p *Policy) Declared(check, param string) ([]string, bool) {
	if p == nil {
		return nil, false
	}
	v, ok := p.Params[check][param]
	return v, ok
}

// Decision is what a waiver decides.
type Decision string

// The decisions. All of them show the finding as accepted, with its decision.
const (
	Accepted           Decision = "accepted"
	FalsePositive      Decision = "false-positive"
	MitigatedElsewhere Decision = "mitigated-elsewhere"
	NotApplicable      Decision = "not-applicable"
)

// Decisions lists the decisions that a waiver may state.
var Decisions = []Decision{Accepted, FalsePositive, MitigatedElsewhere, NotApplicable}

// Waiver accepts the failure of a check, or a threat, for some subjects until a
// date.
type Waiver struct {
	Check    string // exactly one of Check and Threat is set
	Threat   string
	Kind     string // subject kind; empty is any
	Name     string // pattern of the subject's name or key, as in path.Match per segment; required
	Zone     string
	Decision Decision
	Reason   string
	Owner    string
	Expires  time.Time // last day it holds, at most 366 days after it was read
	Line     int       // in the file
}

// Covers reports whether the waiver's scope takes in a subject. Expiry is not
// looked at.
func (w *Waiver) Covers(kind, key, name, zone string) bool {
	if w.Kind != "" && w.Kind != kind && w.Kind != strings.TrimPrefix(kind, "docker-") {
		return false
	}
	if w.Zone != "" && w.Zone != zone {
		return false
	}
	return match(w.Name, name) || match(w.Name, key)
}

func match(pattern, s string) bool {
	ok, err := path.Match(pattern, s)
	return err == nil && ok
}

// Expired reports whether the waiver no longer holds at a time.
func (w *Waiver) Expired(now time.Time) bool { return !now.Before(w.Expires.AddDate(0, 0, 1)) }

// Waivers is the content of waivers.yaml, in file order.
type Waivers []Waiver

// ForCheck returns the first waiver that accepts a check's failure on a subject.
func (ws Waivers) ForCheck(check, kind, key, name, zone string, now time.Time) *Waiver {
	i := slices.IndexFunc(ws, func(w Waiver) bool {
		return w.Check == check && !w.Expired(now) && w.Covers(kind, key, name, zone)
	})
	if i < 0 {
		return nil
	}
	return &ws[i]
}

// ForThreat returns the first waiver that accepts a threat on an element.
func (ws Waivers) ForThreat(threat, kind, key, name, zone string, now time.Time) *Waiver {
	i := slices.IndexFunc(ws, func(w Waiver) bool {
		return w.Threat == threat && !w.Expired(now) && w.Covers(kind, key, name, zone)
	})
	if i < 0 {
		return nil
	}
	return &ws[i]
}
