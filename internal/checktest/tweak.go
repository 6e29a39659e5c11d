package checktest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
)

//go:embed minimal.json
var minimal []byte

// Minimal returns a fresh copy of the minimal valid snapshot: one well-run host
// with one engine and one container, which passes every check.
func Minimal() *snapshot.Snapshot {
	s, _, err := Tweak([]byte("{}"))
	if err != nil {
		panic(err) // embedded; every fixture reads it
	}
	return s
}

// Tweak returns the minimal snapshot with changes. The tweak is an object; each
// member is a JSON merge patch (RFC 7396) of one thing: engine, host,
// container, spec, runtime, image, dockerfile (the minimal snapshot's only ones) or
// snapshot (the whole); file is the engine's socket. registry, registryFile (its
// configuration alone) and client add one and patch it. Besides, files maps the path
// of a file to a patch of it, null removing it, parts maps a part to the state it shall have,
// or to {"state","reason","detail"}, and policy is a policy.Policy. With
// asFile, the container is a service of a compose file instead, beside a
// Dockerfile, and there is nothing else. With the base cluster, the snapshot is one
// of a cluster, or with asFile of manifests; pod, box, workload and namespace patch
// what its one workload is. add appends rows to lists, in the first scope. For the base node, see nodeTweaks. Lists are replaced, null removes.
func Tweak(tweak []byte) (*snapshot.Snapshot, *policy.Policy, error) {
	var tw struct {
		Base                                                                                                               string
		Engine, Host, Container, Spec, Runtime, Image, Network, File, Dockerfile, Snapshot, Registry, RegistryFile, Client json.RawMessage
		Parts, Files                                                                                                       map[string]json.RawMessage
		Add                                                                                                                map[string][]any
		Policy                                                                                                             *policy.Policy
		AsFile                                                                                                             bool
		nodeTweaks
		podTweaks
	}
	dec := json.NewDecoder(bytes.NewReader(tweak))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&tw); err != nil {
		return nil, nil, fmt.Errorf("tweak: %w", err)
	}
	var root map[string]any
	if err := start(tw.Base, &root); err != nil {
		return nil, nil, fmt.Errorf("minimal snapshot: %w", err)
	}
	if tw.AsFile && tw.Base == "cluster" {
		asManifests(root)
	} else if tw.AsFile {
		asFile(root)
	}
	addRows(root, tw.Add)
	if err := errors.Join(tw.apply(root), addOuter(root, "registry", tw.Registry), addOuter(root, "registryFile", tw.RegistryFile), addOuter(root, "client", tw.Client), tw.applyNode(tw.Base, root)); err != nil {
		return nil, nil, err
	}
	if err := tweakItems(root, map[string]json.RawMessage{
		"engines": tw.Engine, "hosts": tw.Host, "containers": tw.Container, "containerSpecs": tw.Spec,
		"runtimes": tw.Runtime, "images": tw.Image, "networks": tw.Network, "files": tw.File, "dockerfiles": tw.Dockerfile,
	}); err != nil {
		return nil, nil, err
	}
	if err := tweakFiles(root, tw.Files); err != nil {
		return nil, nil, err
	}
	if err := tweakParts(root, tw.Parts); err != nil {
		return nil, nil, err
	}
	if tw.Snapshot != nil {
		var p map[string]any
		if err := json.Unmarshal(tw.Snapshot, &p); err != nil {
			return nil, nil, fmt.Errorf("tweak of the snapshot: %w", err)
		}
		for k := range p {
			opened(root, k)
		}
		root = merge(root, p).(map[string]any)
	}
	b, err := json.Marshal(root)
	if err != nil {
		return nil, nil, err
	}
	s, err := snapshot.Parse(b)
	return s, tw.Policy, err
}

// tweakItems patches the first item of each list.
func tweakItems(root map[string]any, patches map[string]json.RawMessage) error {
	for list, patch := range patches {
		if patch == nil {
			continue
		}
		var p any
		if err := json.Unmarshal(patch, &p); err != nil {
			return fmt.Errorf("tweak of %s: %w", list, err)
		}
		items := opened(root, list)
		if len(items) == 0 {
			return fmt.Errorf("tweak of %s: there are none", list)
		}
		items[0] = merge(items[0], p)
	}
	return nil
}

// asFile keeps the configuration of the container only, as a compose file shows
// it.
func asFile(root map[string]any) {
	const scope = "files:."
	taken := root["taken"]
	for _, list := range []string{"engines", "hosts", "images", "networks", "files", "listeners"} {
		delete(root, list)
	}
	root["scopes"] = []any{map[string]any{"id": scope, "kind": "files", "name": ".", "taken": taken}}
	root["parts"] = []any{
		map[string]any{"scope": scope, "part": "engine.containers", "state": "observed"},
		map[string]any{"scope": scope, "part": "engine.networks", "state": "observed"},
		map[string]any{"scope": scope, "part": "files.dockerfiles", "state": "observed"},
	}
	root["dockerfiles"] = []any{map[string]any{
		"scope": scope, "path": "Dockerfile", "file": "Dockerfile", "parsed": map[string]any{"v": true, "state": "observed"},
		"syntax": map[string]any{}, "ignore": map[string]any{"state": "observed", "path": ".dockerignore", "context": "."},
		"stages": []any{map[string]any{
			"base": "debian@sha256:" + strings.Repeat("0", 64), "from": -1, "line": 1,
			"user": map[string]any{"value": "1000", "line": 8}, "health": map[string]any{"value": "CMD", "line": 9},
		}},
	}}
	root["containers"] = []any{map[string]any{
		"scope": scope, "key": "compose/shop/web", "name": "web", "spec": 0, "runtime": 0,
		"location": map[string]any{"file": "compose.yaml", "line": 3},
	}}
	root["runtimes"] = []any{map[string]any{}}
}

// tweakFiles patches, adds or removes files by their path.
func tweakFiles(root map[string]any, files map[string]json.RawMessage) error {
	for path, v := range files {
		var patch any
		if err := json.Unmarshal(v, &patch); err != nil {
			return fmt.Errorf("tweak of file %s: %w", path, err)
		}
		list := opened(root, "files")
		i := slices.IndexFunc(list, func(item any) bool { return item.(map[string]any)["path"] == path })
		switch {
		case patch == nil && i < 0:
			return fmt.Errorf("the minimal snapshot has no file %q", path)
		case patch == nil:
			list = slices.Delete(list, i, i+1)
		case i < 0:
			like := merge(nil, list[0]).(map[string]any)
			for _, k := range []string{"engine", "real", "volume"} {
				delete(like, k)
			}
			like["path"], like["real"], like["mode"], like["gid"] = path, path, 0o644, 0
			list = append(list, merge(like, patch))
		default:
			list[i] = merge(list[i], patch)
		}
		root["files"] = list
	}
	return nil
}

// tweakParts sets the state of parts, whichever scope they belong to.
func tweakParts(root map[string]any, parts map[string]json.RawMessage) error {
	for name, v := range parts {
		list := opened(root, "parts")
		var p any
		if err := json.Unmarshal(v, &p); err != nil {
			return fmt.Errorf("tweak of part %s: %w", name, err)
		}
		if state, ok := p.(string); ok {
			p = map[string]any{"state": state}
		}
		found := false
		for i, item := range list {
			if item.(map[string]any)["part"] == name {
				list[i], found = merge(item, p), true
			}
		}
		if !found {
			return fmt.Errorf("the minimal snapshot has no part %q", name)
		}
	}
	return nil
}

// opened decodes a member of the minimal snapshot that is still as it stands in
// the file, and returns it as a list, nil when it is none. A tweak is of a member
// or two, and there are a thousand tweaks.
func opened(root map[string]any, name string) []any {
	if raw, ok := root[name].(json.RawMessage); ok {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			panic(err) // embedded, and taken apart already
		}
		root[name] = v
	}
	list, _ := root[name].([]any)
	return list
}

// merge applies a JSON merge patch.
func merge(target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	t, ok := target.(map[string]any)
	if !ok {
		t = make(map[string]any)
	}
	for k, v := range p {
		if v == nil {
			delete(t, k)
		} else {
			t[k] = merge(t[k], v)
		}
	}
	return t
}
