package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var noDockerSocket = &check.Check{
	ID:    "container-no-docker-socket",
	Title: "No engine or runtime socket is reachable from the container",
	Why: "Whoever can write to the engine's socket starts a privileged container and is root on the host. " +
		"A read-only mount does not help: it protects the file, and a connection is no write to it. " +
		"The socket is reachable through any directory above it as well, so that -v /var/run:/hostrun and -v /:/host count: " +
		"mounts are compared by inode and by resolved path with every socket of engine, containerd, Podman and CRI-O, where tools that search for the text docker.sock pass them. " +
		"Where sockets were not read, their usual names and places decide, and a mount that cannot be told from them stays unknown.",
	Remedy:   "Remove the mount. Put a proxy that filters the API in between, and name it on the policy list, where a program needs a few calls. The measure, which removes the mount, is never chosen by a plan unless it is named.",
	Severity: check.Critical, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceClientAuthorization, STRIDE: "E", Tier: 1,
	Refs:    check.CIS(1, "5.31", "5.32", ""),
	Covered: []string{"container-no-sensitive-host-mounts"},
	Forms:   []check.Form{check.Live, check.Compose},
	Needs:   []snapshot.Part{snapshot.PartEngineContainers},
	Reads:   []string{"mounts"},
	Params: []check.Param{{
		Name: "filtering_proxies", Unit: "list", Meaning: "containers, by name, that filter the engine API",
	}},
	Run: func(p *check.Probe) {
		proxies, _ := p.List("filtering_proxies")
		judgeNamed(p, mentions(proxies), func(b *box, who snapshot.Subject) check.Verdict {
			if who.Key != "" {
				return check.Inapplicable("it is on the policy list of filtering proxies").
					Note("which calls it lets through is judged by api-socket-proxy-scope")
			}
			return reachesNoSocket(b)
		})
	},
	Fixes: []check.Fix{{Suffix: "remove", Title: "remove mounts that show an engine's socket", Kind: step.ContainerRecreate, Breaks: true, Step: removeSocket}},
}

func reachesNoSocket(b *box) check.Verdict {
	shown, doubt := b.socketMounts()
	switch {
	case len(shown.evidence) > 0:
		v := shown.note(check.Failed("the socket of an engine or a runtime is reachable through a mount", shown.evidence...))
		return v.Note("read-only does not prevent connecting to it")
	case len(doubt.evidence) > 0 && b.at.file:
		return check.Undecided(snapshot.ReasonUnresolved, "the source of a mount holds a variable that was not resolved", doubt.evidence...)
	case len(doubt.evidence) > 0:
		return doubt.note(check.Undecided(snapshot.ReasonPartial, "a mount may show a socket: its source was not followed or the host's sockets were not read", doubt.evidence...))
	}
	return check.Passed("no mount shows a socket of an engine or a runtime", ev("Mounts", len(b.spec.Mounts)))
}

// socketMounts returns the mounts that show a socket and those of which that
// cannot be ruled out.
func (b *box) socketMounts() (shown, doubt hits) {
	sockets := b.at.knownSockets()
	read := !b.at.file && b.at.observed(snapshot.PartEngineSockets)
	heard := b.at.observed(snapshot.PartEngineListeners)
	for i := range b.spec.Mounts {
		m := &b.spec.Mounts[i]
		path, followed := b.at.hostPath(m)
		where := "Mounts " + m.Destination
		if path == "" {
			if b.at.veiled(m) {
				doubt.add(where, "volume "+m.Volume)
			}
			continue
		}
		if name := exposed(sockets, m, path, followed); name != "" {
			shown.add(where, path+" shows "+name)
			continue
		}
		// What was compared by inode, or does not exist, is no link to a socket.
		told := followed || m.Type != "bind" || m.Resolved == snapshot.Absent || m.Dev != 0 || m.Ino != 0
		switch {
		case read && told:
		case !read && shared.RuntimeSocket(path):
			shown.add(where, path+", by its name")
		case b.at.file && !strings.Contains(path, "$"):
		case !read && followed && heard:
			// Followed to its end, beside sockets whose places are known.
		default:
			doubt.add(where, path)
		}
	}
	return shown, doubt
}

// exposed returns the name of the first socket that a mount shows, or "".
func exposed(sockets []socket, m *snapshot.Mount, path string, followed bool) string {
	for i := range sockets {
		if sockets[i].exposes(m, path, followed) {
			return sockets[i].name
		}
	}
	return ""
}
