package docker

import (
	"cmp"
	"slices"
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var userNonRoot = &check.Check{
	ID:    "container-user-non-root",
	Title: "The container process does not run as root",
	Why: "Root in a container is root for the kernel: with a flaw in the runtime or one mount too many it is root on the host. " +
		"The configured user says what any further process becomes, the kernel what those in it are; the worse decides. " +
		"No user, 0, 00, root and 0:0 all mean root, and a name means the number that the passwd file of the container, or of its image, gives it: " +
		"a tool that compares text lets 0:0 and renamed roots pass, another fails user 1, which is not root. " +
		"In a compose file the USER of the Dockerfile that a service builds counts where the service names none. " +
		"User remapping and rootless mode do not change the verdict; the threats count them.",
	Remedy:   "Give the image a USER with a number above 0, or start the container with --user. A measure goes back to the number that the image names; it invents none.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceDockerfile, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "4.1", "4.1", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"user"},
	Run:   func(p *check.Probe) { judge(p, runsAsNonRoot) },
	Fixes: []check.Fix{{Title: "run it as the user of its image", Kind: step.ContainerRecreate, Breaks: true, Step: imageUser}},
}

func runsAsNonRoot(b *box) check.Verdict {
	uid, known, evidence := b.configuredUID()
	proc := b.proc()
	if proc != nil {
		evidence = append(evidence, ev("uid of the first process", proc.UID))
		if len(proc.UIDs) > 1 {
			evidence = append(evidence, ev("uids of its processes", uidList(proc.UIDs)))
		}
	}
	var v check.Verdict
	switch {
	case proc != nil && proc.UID == 0:
		v = check.Failed("its first process runs as root", evidence...)
	case proc != nil && slices.Contains(proc.UIDs, 0):
		v = check.Failed("a process in it runs as root", evidence...)
	case known && uid == 0:
		v = check.Failed("its configured user is root", evidence...)
	case known && proc != nil:
		return check.Passed(nobodyIsRoot(proc), evidence...)
	case known:
		return b.configured(check.Passed("its configured user is not root", evidence...))
	default:
		return b.unknownUID(evidence)
	}
	if b.at.info && (b.engine.UsernsRemap || b.engine.Rootless) && b.spec.UsernsMode != "host" {
		v = v.Note("user remapping makes this root an ordinary user of the host, which the threats count")
	}
	if proc == nil {
		return b.configured(v)
	}
	return v
}

// unseenUID stands among the users of processes for those that were not read.
const unseenUID = -1

// nobodyIsRoot says which processes were looked at: not always all of them.
func nobodyIsRoot(proc *snapshot.Process) string {
	switch {
	case len(proc.UIDs) == 0:
		return "neither its configured user nor its first process is root"
	case slices.Contains(proc.UIDs, unseenUID):
		return "neither its configured user nor any process that was readable is root"
	}
	return "neither its configured user nor any of its processes is root"
}

func uidList(uids []int64) string {
	var words []string
	for _, u := range uids {
		if u == unseenUID {
			words = append(words, "some not readable")
			continue
		}
		words = append(words, strconv.FormatInt(u, 10))
	}
	return firstFew(words)
}

// configuredUID resolves the configured user to a number, where it can.
func (b *box) configuredUID() (uid int64, known bool, evidence []check.Evidence) {
	if _, bad := b.unread("user"); bad {
		return 0, false, nil
	}
	user, source := b.spec.User, "Config.User"
	image := b.image()
	if b.engine == nil && user == "" {
		// A file without a user leaves it to the image.
		if image == nil {
			return 0, false, nil
		}
		user, source = image.User, "Config.User of the image"
	}
	evidence = []check.Evidence{ev(source, cmp.Or(user, "not set"))}
	uid, name := shared.UID(user)
	if name == "" {
		return uid, true, evidence
	}
	if b.rt.Live() && b.rt.Account.Known() { // its own file counts, be it the image's or not
		return b.rt.Account.V, true, append(evidence, ev(b.rt.Account.Source+", "+name, b.rt.Account.V))
	}
	if image != nil && image.UserUID.Known() && shared.UserName(image.User) == name {
		return image.UserUID.V, true, append(evidence, ev(image.UserUID.Source+" of the image, "+name, image.UserUID.V))
	}
	return 0, false, evidence
}

func (b *box) unknownUID(evidence []check.Evidence) check.Verdict {
	if v, bad := b.unread("user"); bad {
		return v
	}
	if b.engine == nil && b.spec.User == "" {
		return check.Undecided(snapshot.ReasonUnresolved, "no file names a user, and the image, whose user then counts, was not seen", ev("Config.User", "not set"))
	}
	if a := b.rt.Account; b.rt.Live() && a.State != snapshot.Skipped {
		why := "its user is a name that was not found in its passwd file, which is missing, mounted, or without it"
		if a.State == snapshot.Denied {
			why = "its user is a name, and its passwd file may be read by root only"
		}
		return check.Undecided(cmp.Or(a.Reason, snapshot.ReasonPartial), why, evidence...)
	}
	return check.Undecided(snapshot.ReasonPartial, "its user is a name that was not looked up in the passwd file of its image", evidence...)
}
