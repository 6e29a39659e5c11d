package files

import (
	"encoding/json"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

// TestInherit: what a compose file leaves open, the Dockerfile it builds decides,
// with the place there.
func TestInherit(t *testing.T) {
	const dockerfile = `ARG BASE=build
ARG WHO=7
FROM debian:12 AS build
USER 5
HEALTHCHECK CMD true
ENV API_TOKEN=canary-of-a-token MODE=plain
FROM ${BASE} AS test
HEALTHCHECK NONE
FROM build AS run
ARG WHO
USER ${WHO}
FROM scratch AS empty
`
	const service = "services:\n  web:\n    build:\n      context: .\n"
	for name, tc := range map[string]struct {
		compose    string
		user, test string
		at, testAt string // places of Config.User and Config.Healthcheck
		unread     string
	}{
		"last stage":       {service, "0", "", "Dockerfile:12:1", "Dockerfile:12:1", ""},
		"target":           {service + "      target: run\n", "7", "CMD-SHELL", "Dockerfile:11:1", "Dockerfile:5:1", ""},
		"target by number": {service + "      target: '1'\n", "5", "NONE", "Dockerfile:4:1", "Dockerfile:8:1", ""},
		"argument":         {service + "      target: run\n      args: {WHO: 9}\n", "9", "CMD-SHELL", "Dockerfile:11:1", "Dockerfile:5:1", ""},
		"argument, list":   {service + "      target: run\n      args: [WHO=9]\n", "9", "CMD-SHELL", "Dockerfile:11:1", "Dockerfile:5:1", ""},
		"variable default": {service + "      target: run\n      args: {WHO: '${W:-8}'}\n", "8", "CMD-SHELL", "Dockerfile:11:1", "Dockerfile:5:1", ""},
		"variable open":    {service + "      target: run\n      args: {WHO: '${W}'}\n", "", "CMD-SHELL", "Dockerfile:11:1", "Dockerfile:5:1", "user"},
		"from outside":     {service + "      target: run\n      args: [WHO]\n", "", "CMD-SHELL", "Dockerfile:11:1", "Dockerfile:5:1", "user"},
		"base by argument": {service + "      target: test\n      args: {BASE: scratch}\n", "0", "NONE", "Dockerfile:7:1", "Dockerfile:8:1", ""},
		"compose decides":  {service + "    user: '3'\n    healthcheck: {test: [CMD, x]}\n", "3", "CMD", "compose.yaml:5:5", "compose.yaml:6:19", ""},
		"target open":      {service + "      target: ${T}\n", "", "", "", "", ""},
		"no such target":   {service + "      target: nope\n", "", "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := collectIn(t, world(t, "-- Dockerfile --\n"+dockerfile+"-- compose.yaml --\n"+tc.compose), ".")
			c := s.Containers[0]
			spec := s.ContainerSpecs[c.Spec]
			if spec.Health.Proved != (name == "last stage") {
				t.Errorf("proved: %v", spec.Health.Proved)
			}
			if spec.User != tc.user || spec.Health.Test != tc.test || strings.Join(spec.Unread, " ") != tc.unread {
				t.Errorf("user %q, test %q, unread %v", spec.User, spec.Health.Test, spec.Unread)
			}
			if u, h := at(&c, "Config.User"), at(&c, "Config.Healthcheck"); u != tc.at || h != tc.testAt {
				t.Errorf("user at %s, health test at %s", u, h)
			}
		})
	}
}

func at(c *snapshot.Container, field string) string {
	for _, f := range c.Fields {
		if f.Field == field {
			return f.Loc.String()
		}
	}
	return ""
}

// TestInheritVariables: variables of the image are those of the service, which
// may set them anew; their values stay outside.
func TestInheritVariables(t *testing.T) {
	s := collectIn(t, world(t, `
-- Dockerfile --
FROM debian:12
ARG KEY
ENV API_TOKEN=canary-1 MODE=canary-2 OPEN=$KEY
-- compose.yaml --
services:
  web:
    environment: {MODE: canary-3}
    build: {context: ., args: {OTHER_TOKEN: canary-4}}
`), ".")
	c := s.Containers[0]
	names := ""
	for _, v := range s.ContainerSpecs[c.Spec].Env {
		names += v.Name + " "
	}
	if names != "API_TOKEN MODE OPEN " || at(&c, "Config.Env API_TOKEN") != "Dockerfile:3:1" || at(&c, "Config.Env MODE") != "compose.yaml:3:19" {
		t.Errorf("%s, %+v", names, c.Fields)
	}
	if u := s.ContainerSpecs[c.Spec].Unread; len(u) != 1 || u[0] != "env" {
		t.Errorf("unread %v", u)
	}
	if a := c.Build.Args; len(a) != 1 || a[0].Var.Name != "OTHER_TOKEN" || a[0].Line != 4 {
		t.Errorf("arguments %+v", a)
	}
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(s); err != nil || strings.Contains(string(text), "canary") {
		t.Errorf("a value is in the evidence: %v", err)
	}
}
