package docker

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var envSecrets = &check.Check{
	ID:    "container-env-secrets",
	Title: "Environment variables carry no credentials",
	Why: "Variables show in docker inspect to whoever may call the engine, are inherited by every program, and end up in crash reports. Credentials belong in files. " +
		"A value counts when it has the form of a private key, of a known kind of token or of a URL with a password, or when the name says that it is a secret and it is neither empty nor a path. " +
		"Values are never kept: only name, length and form are. Long random-looking values under other names are counted in a note, since checksums look the same.",
	Remedy:   "Hand the credential over as a file: a secret of compose or swarm, or a mount, with NAME_FILE where the image supports it. Then replace it, since it was readable. No measure does this: the program must read the file.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceImage, STRIDE: "I", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"env"},
	Run:   func(p *check.Probe) { judge(p, func(b *box) check.Verdict { return carriesNoSecret(b.spec.Env) }) },
}

var (
	secretName = regexp.MustCompile(`(?i)(^|[_.-])(PASS|PASSWD|PASSWORD|PASSPHRASE|SECRET|SECRETS|TOKEN|CREDENTIALS?|APIKEY|(API|ACCESS|AUTH|PRIVATE|SECRET|ENCRYPTION|SIGNING|MASTER)[_.-]?KEY|AUTHKEY|PGPASSWORD|MYSQL_PWD)([_.-]?[0-9]*)$`)

	// A switch or a rule about secrets is none: ALLOW_EMPTY_PASSWORD=yes.
	switchName = regexp.MustCompile(`(?i)(^|[_.-])(ALLOW|DISABLE|ENABLE|REQUIRE|USE|NO|RANDOM|GENERATE|EMPTY)([_.-]|$)`)
)

// switchLen is the longest word that switches something: disabled.
const switchLen = len("disabled")

func carriesNoSecret(env []snapshot.Secretish) check.Verdict {
	var h hits
	random := 0
	for _, v := range env {
		if why := secretKind(v); why != "" {
			h.add("Config.Env "+v.Name, why)
		} else if v.Shape == snapshot.ShapeEntropy {
			random++
		}
	}
	v := check.Passed("no variable looks like a credential", ev("Config.Env", len(env)))
	if len(h.evidence) > 0 {
		v = h.note(check.Failed("variables carry credentials", h.evidence...))
	}
	if random > 0 {
		v = v.Note("some other values look random; a checksum does, too")
	}
	return v
}

// secretKind says why a variable counts as a credential, or "".
func secretKind(v snapshot.Secretish) string {
	switch v.Shape {
	case snapshot.ShapeKey:
		return "a private key"
	case snapshot.ShapeToken:
		return "the form of an issued token"
	case snapshot.ShapeURLCreds:
		return "a URL with a password"
	case snapshot.ShapeEmpty, snapshot.ShapePath, snapshot.ShapeURL:
		return ""
	case snapshot.ShapePlain, snapshot.ShapeEntropy, snapshot.ShapeBinary:
	}
	name := strings.TrimSpace(v.Name)
	if !hasSecretWord(name) || !secretName.MatchString(name) || v.Len <= switchLen && switchName.MatchString(name) {
		return ""
	}
	return "a secret by its name"
}

// hasSecretWord reports whether secretName may match: it tells most names, of
// which every container has some, at a twentieth of the price.
func hasSecretWord(name string) bool {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf { // upper and lower case are not bytes then
			return true
		}
		for _, word := range secretWords {
			if name[i]|0x20 == word[0] && i+len(word) <= len(name) && strings.EqualFold(name[i:i+len(word)], word) {
				return true
			}
		}
	}
	return false
}

// secretWords has one that is part of each alternative of secretName.
var secretWords = [...]string{"pass", "secret", "token", "credential", "key", "pwd"}
