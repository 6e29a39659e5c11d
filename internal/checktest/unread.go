package checktest

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// unread proves that no check passes a container on a field that was not
// understood: wherever a field is marked unread, the verdict may be a pass only
// if none of the bad values that the field could have held makes it a failure.
// Nor may losing a field turn a pass into a failure, which needs evidence.
func unread(t *testing.T, c *check.Check, dir string) {
	leaves := fieldsBelow(reflect.TypeFor[snapshot.ContainerSpec](), "", nil)
	for name, in := range passing(t, c, dir) {
		before := statuses(c, in)
		for i := range in.Index.Snapshot.ContainerSpecs {
			nothing := func(s *snapshot.ContainerSpec) { *s = snapshot.ContainerSpec{Unread: []string{snapshot.AllUnread}} }
			for _, row := range in.Index.Classes() {
				if got := statuses(c, altered(in, i, nothing))[row.Members[0]]; row.Spec == i && (got == check.Pass || got == check.Fail) {
					t.Errorf("%s, nothing read: the verdict is %v", name, got)
				}
			}
			for _, f := range leaves {
				lost := func(s *snapshot.ContainerSpec) {
					f.of(s).SetZero()
					s.Unread = append(slices.Clone(s.Unread), f.path)
				}
				without := statuses(c, altered(in, i, lost))
				for m, was := range before {
					if was == check.Pass && without[m] == check.Fail {
						t.Errorf("%s, %s unread: it fails without evidence", name, f.path)
					}
				}
				if !slices.Contains(without, check.Pass) {
					continue
				}
				for _, v := range badValues(f.typ) {
					with := statuses(c, altered(in, i, func(s *snapshot.ContainerSpec) { f.of(s).Set(v) }))
					for m := range with {
						if without[m] == check.Pass && with[m] == check.Fail {
							t.Errorf("%s, %s unread: it passes, though with %+v it fails", name, f.path, v)
						}
					}
				}
			}
		}
	}
}

// passing returns what the check passes: its fixtures, and the minimal snapshot
// with and without facts of the kernel.
func passing(t *testing.T, c *check.Check, dir string) map[string]check.Inputs {
	ar, err := txtar.ParseFile(filepath.Join(dir, c.ID+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	tweaks := map[string][]byte{
		"minimal":                 []byte(`{}`),
		"minimal, process hidden": []byte(`{"runtime": {"process": {"state": "denied"}, "cgroup": {"state": "denied"}}}`),
	}
	if c.Subject == snapshot.KindPodSpec {
		tweaks = map[string][]byte{"cluster": []byte(`{"base": "cluster"}`), "manifests": []byte(`{"base": "cluster", "asFile": true}`)}
	}
	for _, f := range ar.Files {
		if strings.HasPrefix(f.Name, "pass/") && !strings.HasSuffix(f.Name, ".want") {
			tweaks[f.Name] = f.Data
		}
	}
	out := make(map[string]check.Inputs, len(tweaks))
	for name, tweak := range tweaks {
		s, pol, err := Tweak(tweak)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = check.Inputs{Index: snapshot.NewIndex(s), Policy: pol, Now: now}
	}
	return out
}

// altered returns the inputs with a change of one configuration.
func altered(in check.Inputs, spec int, change func(*snapshot.ContainerSpec)) check.Inputs {
	s := *in.Index.Snapshot
	s.ContainerSpecs = slices.Clone(s.ContainerSpecs)
	change(&s.ContainerSpecs[spec])
	in.Index = in.Index.With(&s)
	return in
}

// statuses returns the verdict on each subject, 0 where there is none.
func statuses(c *check.Check, in check.Inputs) []check.Status {
	out := make([]check.Status, len(in.Index.Subjects))
	for _, f := range check.RunOne(c, in) {
		for _, m := range f.Members {
			out[m] = f.Status
		}
	}
	return out
}

// field is one field of a container's configuration, or of a part of it.
type field struct {
	path  string
	index []int
	typ   reflect.Type
}

func (f *field) of(s *snapshot.ContainerSpec) reflect.Value {
	return reflect.ValueOf(s).Elem().FieldByIndex(f.index)
}

// fieldsBelow lists the fields of a struct, parts that are structs both whole
// and field by field.
func fieldsBelow(t reflect.Type, prefix string, index []int) []field {
	var out []field
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		f := field{path: prefix + name, index: append(slices.Clone(index), i), typ: t.Field(i).Type}
		if name == "unread" {
			continue
		}
		out = append(out, f)
		if f.typ.Kind() == reflect.Struct {
			out = append(out, fieldsBelow(f.typ, f.path+".", f.index)...)
		}
	}
	return out
}

// badSamples are values that some check fails. A type that is not here is made
// of these.
var badSamples = []any{
	true, false, int64(-1), int64(0), int64(1), int64(1) << 50, uint16(22),
	"", "0", "host", "bridge", "unconfined", "always", "NONE", "nginx:latest", "/custom.slice", "system_u:system_r:spc_t:s0",
	"none", "container:name/db", "untrusted",
	[]string{"ALL"},
	[]string{"SYS_ADMIN"},
	[]string{"NET_RAW"},
	[]string{"bridge"},
	[]string{"disable"},
	[]string{"nvidia"},
	[]string{"6"},
	[]string{"a *:* rwm"},
	[]string{"/proc/kcore"},
	[]snapshot.Pair{{Key: "net.ipv4.ip_forward", Value: "1"}},
	[]snapshot.Pair{{Key: "/run", Value: "exec"}},
	[]snapshot.Secretish{{Name: "DB_PASSWORD", Len: 12, Shape: snapshot.ShapePlain}},
	[]snapshot.Mount{{Type: "bind", Source: "/", Destination: "/host"}},
	[]snapshot.Mount{{Type: "volume", Volume: "data", Destination: "/data"}},
	[]snapshot.Mount{{Type: "bind", Source: "/var/run/docker.sock", Destination: "/s"}},
	[]snapshot.Mount{{Type: "bind", Source: "/dev/sda", Destination: "/d"}},
	[]snapshot.Mount{{Type: "bind", Source: "/srv/x", Destination: "/x", Propagation: "rshared"}},
	[]snapshot.Port{{Proto: "tcp", ContainerPort: 22, HostPort: 22, HostIP: "0.0.0.0"}},
	[]snapshot.Device{{Host: "/dev/sda", Container: "/dev/sda", Permissions: "rwm"}},
	[]snapshot.Ulimit{{Name: "nofile", Soft: -1, Hard: -1}, {Name: "nproc", Soft: -1, Hard: -1}},
}

func badValues(t reflect.Type) []reflect.Value {
	var out []reflect.Value
	for _, v := range slices.Concat(badSamples, badPodSamples) {
		if reflect.TypeOf(v) == t {
			out = append(out, reflect.ValueOf(v))
		}
	}
	switch t.Kind() {
	case reflect.Pointer:
		for _, v := range badValues(t.Elem()) {
			p := reflect.New(t.Elem())
			p.Elem().Set(v)
			out = append(out, p)
		}
	case reflect.Struct:
		for i := range t.NumField() {
			for _, v := range badValues(t.Field(i).Type) {
				s := reflect.New(t).Elem()
				s.Field(i).Set(v)
				out = append(out, s)
			}
		}
	}
	return out
}
