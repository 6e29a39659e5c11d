package client

import (
	"cmp"
	"fmt"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

var plaintextAuth = account(check.Check{
	ID:    "client-config-plaintext-auth",
	Title: "Registry logins are kept in a credential store",
	Why: "docker login without a credential store writes user and password into config.json, merely encoded: whoever reads the file, a backup or an image it was copied into may push to the registry. " +
		"Plimsoll keeps who an entry is for and the length and shape of what it holds, never the value.",
	Remedy:   "Install a credential helper (pass, secretservice, osxkeychain, wincred, or the registry's own), set credsStore or credHelpers, log out and in again, and change the passwords that stood in the file.",
	Severity: check.High, STRIDE: "I", Tier: 2,
	Forms: []check.Form{check.Live, check.ClientJSON},
}, keepsLogins)

func keepsLogins(v *view) check.Verdict {
	var w worst
	for _, s := range v.Vars.V {
		if s.Name == "DOCKER_AUTH_CONFIG" && !s.Dynamic {
			w.fail(place(s), fmt.Sprintf("%s of %d bytes", s.Name, s.Value.Len))
		}
	}
	if v.Config.State == snapshot.Absent {
		return w.verdict("its logins stand in a variable", "", "it has no config.json, and so no logins")
	}
	if !v.Config.Known() {
		return unseen(v.Config, "its config.json was not readable")
	}
	c := v.Config.V
	for _, l := range c.Logins {
		for _, s := range l.Secrets {
			w.fail(v.Config.Source+": auths."+l.Registry+"."+s.Name, fmt.Sprintf("%d bytes, %s", s.Len, s.Shape))
			w.at(l.Loc)
		}
		w.judged++
	}
	helpers := c.Helpers
	if c.Store != nil {
		helpers = append(slices.Clip(helpers), *c.Store)
	}
	for _, h := range helpers {
		if h.Found == "" && !v.inFile() {
			w.doubt(snapshot.ReasonUnresolved, v.Config.Source+": "+cmp.Or(h.Registry, "credsStore"), "docker-credential-"+h.Name+" is in none of the usual folders")
		}
	}
	out := w.verdict("its logins stand in the file or in a variable", "its credential helper was not found", "it holds no login in the file")
	if out.Status == check.Pass && len(helpers) == 0 {
		out = out.Note("no credential store is set, so the next docker login would write into the file")
	}
	if out.Status == check.Pass && len(helpers) > 0 && v.inFile() {
		out = out.Note("whether the credential helper is installed shows on the machine only")
	}
	for _, p := range slices.Concat(c.Proxies, c.Headers) {
		if p.Shape == snapshot.ShapeURLCreds || p.Shape == snapshot.ShapeToken {
			out = out.Note("it also holds a credential for something else than a registry, in " + p.Name)
		}
	}
	return out
}

// place is where a variable is set.
func place(v snapshot.ClientVar) string {
	if v.Line > 0 {
		return fmt.Sprintf("%s:%d", v.Source, v.Line)
	}
	return v.Source
}

var configMode = account(check.Check{
	ID:    "client-config-file-mode",
	Title: "Client configuration is private to its user",
	Why: "Who reads config.json reads the logins in it; who writes to it or to the context store chooses the engine that the next command talks to, and the programs it runs. " +
		"The file must be the user's alone. Folder and contexts hold nothing secret and are written 0755 and 0644 by the Docker command: nobody else may write to them.",
	Remedy:   "chmod 0600 ~/.docker/config.json and chmod -R go-w ~/.docker; chown what belongs to another account.",
	Severity: check.Medium, STRIDE: "I", Tier: 1,
}, func(v *view) check.Verdict {
	return v.modes(map[string]uint32{"dir": 0o022, "config": 0o077, "context": 0o022, "ca": 0o022, "cert": 0o022})
})

var keyMode = account(check.Check{
	ID:       "client-key-material-mode",
	Title:    "Client TLS keys are private to their user",
	Why:      "Who has the key is the user to every engine that trusts its certificate, which mostly means root on those machines; a key of content trust signs images in the user's name.",
	Remedy:   "chmod 0600 the key files, chown them to the user, and issue new ones where others could read them.",
	Severity: check.High, STRIDE: "IS", Tier: 1,
}, func(v *view) check.Verdict {
	if !slices.ContainsFunc(v.Files, func(f snapshot.ClientFile) bool { return f.Role == "key" }) {
		return check.Inapplicable("it has no keys")
	}
	return v.modes(map[string]uint32{"key": 0o177})
})

// modes judges the files of some roles by the permission bits that they may not
// have, and by their owner.
func (v *view) modes(forbidden map[string]uint32) check.Verdict {
	if v.State == snapshot.Absent {
		return check.Inapplicable("it has no folder")
	}
	var w worst
	for _, f := range v.Files {
		bits, ok := forbidden[f.Role]
		if !ok {
			continue
		}
		shown := fmt.Sprintf("%04o owner %d", f.Mode, f.UID)
		switch {
		case f.State != snapshot.Observed:
			w.doubt(cmp.Or(f.Reason, snapshot.ReasonFor(f.State)), f.Path, f.State)
		case f.Mode&bits != 0, f.UID != v.UID && f.UID != 0:
			w.fail(f.Path, shown)
		default:
			w.judged++
		}
	}
	if w.judged == 0 {
		return check.Undecided(snapshot.ReasonPartial, "the modes of its files were not seen")
	}
	return w.verdict("others may read or change its files", "some of its files could not be looked at", "its files are closed to others")
}
