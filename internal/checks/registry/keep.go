package registry

import (
	"fmt"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

var uploadSecret = about(check.Check{
	ID:    "registry-http-secret",
	Title: "The registry upload secret is set and private",
	Why: "The secret signs the state of an upload that the client carries. One from the documentation lets anyone forge that state; without one each process makes its own, so that behind a balancer uploads fail and people turn to a printed one. " +
		"A group may read the file, since the registry should not own its own configuration; others may not, and no group may write.",
	Remedy:   "Set http.secret, or better the variable REGISTRY_HTTP_SECRET, to 32 random bytes, and chmod the file to 0640 or tighter.",
	Severity: check.Medium, STRIDE: "ST", Tier: 2,
	Needs: []snapshot.Part{snapshot.PartRegistryConfig},
}, secretKept)

func secretKept(v *view) check.Verdict {
	if v.cfg == nil {
		return v.unconfigured("its configuration was not seen")
	}
	c := v.cfg
	fromVariable := slices.Contains(c.Overrides, "REGISTRY_HTTP_SECRET")
	evidence := []check.Evidence{v.setting("http.secret", fmt.Sprintf("%d bytes, %s", c.Secret.Len, c.Secret.Shape)), ev(c.Path, fmt.Sprintf("%04o", c.Mode))}
	switch {
	case c.Secret.Len == 0:
		return check.Failed("its upload secret is not set", evidence[0])
	case c.Sample:
		return check.Failed("its upload secret is one that documentation prints", evidence[0])
	case !fromVariable && c.Mode&0o027 != 0:
		return check.Failed("others may read its upload secret, or a group change it", evidence...)
	}
	return check.Passed("its upload secret is set and private", evidence...)
}

var eventsKept = about(check.Check{
	ID:       "registry-notifications-audit",
	Title:    "Registry events are logged off the host",
	Why:      "Who pushed or deleted an image must be known after the machine was taken, so that events have to leave it. The configuration's notification endpoints are what Plimsoll can see of that.",
	Remedy:   "Add an endpoint under notifications.endpoints, or ship the access log and accept the finding with a note that says where to.",
	Severity: check.Medium, STRIDE: "R", Tier: 2,
	Needs: []snapshot.Part{snapshot.PartRegistryConfig},
	Forms: []check.Form{check.Live, check.RegistryYAML},
}, keepsEvents)

func keepsEvents(v *view) check.Verdict {
	if v.cfg == nil {
		return v.unconfigured("its configuration was not seen")
	}
	ends := v.setting("notifications.endpoints", v.cfg.Notified)
	switch {
	case v.cfg.Notified > 0:
		return check.Passed("it sends its events elsewhere", ends)
	case v.cfg.NoAccess:
		return check.Failed("it sends its events nowhere, and its access log is off", ends, v.setting("log.accesslog.disabled", true))
	}
	return check.Failed("it sends its events nowhere", ends).Note("an access log that is shipped elsewhere was not looked for")
}

var storagePrivate = about(check.Check{
	ID:       "registry-storage-acl-private",
	Title:    "Registry storage is closed to others",
	Why:      "Who may write to the folder behind a registry changes images without its login and its log; who may read it pulls them all. The folder must belong to the registry's own account or root, give others nothing, and no group the right to write. Of a bucket nothing is seen from here.",
	Remedy:   "chown the folder to the account that the registry runs as, and chmod it to 0750 or tighter.",
	Severity: check.High, STRIDE: "T", Tier: 2,
	Needs: []snapshot.Part{snapshot.PartRegistryConfig},
}, storageClosed)

func storageClosed(v *view) check.Verdict {
	if v.cfg == nil {
		return v.unconfigured("its configuration was not seen")
	}
	f := v.cfg.Storage
	switch {
	case v.cfg.Driver != "filesystem":
		return check.Verdict{
			Status: check.Manual, Message: "does the bucket behind it grant access to the registry alone?",
			Evidence: []check.Evidence{v.setting("storage", v.cfg.Driver)},
		}
	case !f.Known():
		return unseen(f, "its storage was not readable")
	}
	evidence := []check.Evidence{ev(f.V.Path, fmt.Sprintf("%04o owner %d", f.V.Mode, f.V.UID)), ev("it runs as", v.cfg.UID)}
	switch {
	case f.V.Mode&0o007 != 0:
		return check.Failed("its storage is open to every account", evidence...)
	case f.V.Mode&0o020 != 0:
		return check.Failed("a group may write to its storage", evidence...)
	case f.V.UID != 0 && f.V.UID != v.cfg.UID:
		return check.Failed("its storage belongs to another account", evidence...)
	}
	return check.Passed("its storage is closed to other accounts", evidence...)
}

var storageIntegrity = about(check.Check{
	ID:       "registry-storage-integrity",
	Title:    "Stored blobs match their digests",
	Why:      "A blob that differs from its name was changed behind the registry or spoiled by its disk. Plimsoll reads a few small blobs and manifests of the first repositories that it may read without a login, and hashes them: a sample, not the whole.",
	Remedy:   "Find out who wrote to the storage, restore it, and push the images again from where they were built.",
	Severity: check.Medium, STRIDE: "T", Tier: 2,
	Needs: []snapshot.Part{snapshot.PartRegistryContent},
}, blobsMatch)

func blobsMatch(v *view) check.Verdict {
	c := v.Content.V
	switch {
	case len(c.Corrupt) > 0:
		return check.Failed("it gives content that differs from its digest", ev("differs", firstFew(c.Corrupt)))
	case c.Blobs > 0:
		return check.Passed("a sample of its content matches its digests", ev("hashed", c.Blobs))
	case refused(c.Catalog):
		return check.Undecided(snapshot.ReasonDenied, "it gives nothing to hash without a login", status("GET /v2/_catalog", c.Catalog))
	}
	return check.Undecided(snapshot.ReasonPartial, "nothing was found to hash", status("GET /v2/_catalog", c.Catalog))
}

var runningPresent = about(check.Check{
	ID:       "registry-running-digests-present",
	Title:    "Every running digest can still be pulled",
	Why:      "A container whose image is gone from its registry cannot be started anywhere else, which is noticed on the day when it must be. Plimsoll asks for the digests that containers of the engines in the same run came from.",
	Remedy:   "Push the image again, and let the retention rule spare digests in use.",
	Severity: check.Medium, STRIDE: "D", Tier: 2,
	Needs: []snapshot.Part{snapshot.PartRegistryContent},
}, digestsThere)

func digestsThere(v *view) check.Verdict {
	engines := false
	for _, sc := range v.p.Snapshot.Scopes {
		if sc.Kind != snapshot.ScopeEngine {
			continue
		}
		engines = true
		if st := v.p.Index.Part(sc.ID, snapshot.PartEngineImages); st.State != snapshot.Observed {
			return check.Undecided(snapshot.ReasonPartial, "the images of engine "+sc.Name+" were not seen")
		}
	}
	var gone, closed, there []string
	for _, r := range v.Content.V.Running {
		name := r.Repo + "@" + r.Digest
		switch r.Status {
		case 200:
			there = append(there, name)
		case 404:
			gone = append(gone, name)
		default:
			closed = append(closed, name)
		}
	}
	switch {
	case !engines:
		return check.Undecided(snapshot.ReasonNotCollected, "no engine was looked at beside it").Note("to see it: plimsoll assess docker registry:" + v.Address)
	case len(gone) > 0:
		return check.Failed("it lacks images that containers run from", ev("gone", firstFew(gone)))
	case len(closed) > 0:
		return check.Undecided(snapshot.ReasonDenied, "it does not say without a login whether it has the images in use", ev("asked for", firstFew(closed)))
	case len(there) == 0:
		return check.Inapplicable("no container of the engines that were looked at runs from it")
	}
	return check.Passed("it has the images that containers run from", ev("asked for", firstFew(there)))
}
