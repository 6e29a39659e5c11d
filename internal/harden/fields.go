package harden

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// isPrint leaves out bidirectional controls too: unicode counts them as format
// characters, not as printable.
func isPrint(r rune) bool { return unicode.IsPrint(r) && r != unicode.ReplacementChar }

// ReadFields returns the values of the named fields, as
// [snapshot.ContainerFields] writes them, of a container as the engine's
// inspect call describes it. An unknown field is left out.
func ReadFields(rawInspect []byte, fields []string) (map[string]string, error) {
	spec, err := decodeSpec(rawInspect)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(fields))
	for _, name := range fields {
		if f, ok := snapshot.ContainerFields[name]; ok {
			out[name] = f.Get(&spec)
		}
	}
	return out, nil
}

// decodeSpec reads the part of a configuration that steps can change.
func decodeSpec(raw []byte) (snapshot.ContainerSpec, error) {
	var in struct {
		Config     struct{ Image string }
		HostConfig struct {
			Memory, MemorySwap, NanoCpus, CpuShares int64
			PidsLimit                               *int64
			ReadonlyRootfs                          bool
			CapDrop, SecurityOpt                    []string
			RestartPolicy                           struct {
				Name              string
				MaximumRetryCount int64
			}
		}
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return snapshot.ContainerSpec{}, fmt.Errorf("read the engine's description of a container: %w", err)
	}
	h := &in.HostConfig
	s := snapshot.ContainerSpec{Image: in.Config.Image, ReadonlyRootfs: h.ReadonlyRootfs}
	s.Resources = snapshot.Resources{
		Memory: h.Memory, MemorySwap: h.MemorySwap, NanoCPUs: h.NanoCpus, CPUShares: h.CpuShares, PidsLimit: h.PidsLimit,
	}
	s.RestartPolicy = snapshot.RestartPolicy{Name: h.RestartPolicy.Name, Max: h.RestartPolicy.MaximumRetryCount}
	for _, c := range h.CapDrop {
		s.CapDrop = append(s.CapDrop, strings.TrimPrefix(strings.ToUpper(c), "CAP_"))
	}
	slices.Sort(s.CapDrop)
	for _, o := range h.SecurityOpt {
		if v, ok := noNewPrivileges(o); ok {
			s.Security.NoNewPrivileges = &v
		}
	}
	return s, nil
}

// noNewPrivileges reads one security option: the bare word, or with = or : and
// a boolean, as the engine accepts it.
func noNewPrivileges(opt string) (value, ok bool) {
	rest, ok := strings.CutPrefix(opt, "no-new-privileges")
	if !ok {
		return false, false
	}
	if rest == "" {
		return true, true
	}
	if rest[0] != '=' && rest[0] != ':' {
		return false, false
	}
	v, err := strconv.ParseBool(rest[1:])
	return v, err == nil
}

// fieldNames lists the fields that a step names.
func fieldNames(set []step.Change) []string {
	names := make([]string, len(set))
	for i, c := range set {
		names[i] = c.Field
	}
	return names
}

// differing compares a container with one side of a step and returns what does
// not hold, in the step's order; nil means that all of it holds.
func differing(raw []byte, set []step.Change, side func(step.Change) string) ([]string, error) {
	now, err := ReadFields(raw, fieldNames(set))
	if err != nil {
		return nil, err
	}
	var diff []string
	for _, c := range set {
		got, known := now[c.Field]
		if !known {
			return nil, fmt.Errorf("field %q cannot be changed", printable(c.Field))
		}
		if want := side(c); got != want {
			diff = append(diff, fmt.Sprintf("%s is %q, not %q", c.Field, printable(got), printable(want)))
		}
	}
	return diff, nil
}

func from(c step.Change) string { return c.From }
func to(c step.Change) string   { return c.To }
