package docker

import (
	"errors"
	"os"
	"slices"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// grantSudo is what gives a local user the right to everything.
const grantSudo = "sudo plimsoll assess"

// apiParts lists the parts read from the API, machineParts those read from
// the machine that the engine runs on.
func apiParts() []snapshot.Part {
	return []snapshot.Part{
		snapshot.PartEngineInfo, snapshot.PartEngineContainers, snapshot.PartEngineImages,
		snapshot.PartEngineNetworks, snapshot.PartEngineVolumes, snapshot.PartEngineSwarm, snapshot.PartEngineServices, snapshot.PartImageConfig,
	}
}

func machineParts() []snapshot.Part {
	return []snapshot.Part{
		snapshot.PartEngineConfig, snapshot.PartEngineProcesses, snapshot.PartEngineListeners,
		snapshot.PartEngineSockets, snapshot.PartEngineVerifier, snapshot.PartEngineFiles,
	}
}

// cover adds a coverage line.
func (c *collector) cover(st snapshot.PartStatus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st.State == snapshot.Failed && slices.Contains(apiParts(), st.Part) {
		c.failed = true // what the machine does not tell is a gap, not a cut
	}
	c.parts = append(c.parts, st)
}

func (c *collector) observed(p snapshot.Part) {
	c.cover(snapshot.PartStatus{Part: p, State: snapshot.Observed})
}

// partial says that one item of a part was read but not understood in full.
func (c *collector) partial(p snapshot.Part, item, detail string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parts = append(c.parts, snapshot.PartStatus{Part: p, Item: item, State: snapshot.Observed, Reason: snapshot.ReasonPartial, Detail: detail})
}

// requestFailed is the coverage line of a request that failed.
func requestFailed(p snapshot.Part, item, request string, err error) snapshot.PartStatus {
	st := snapshot.PartStatus{
		Part: p, Item: item, State: snapshot.Failed, Reason: snapshot.ReasonFailed,
		Detail: request + ": " + dockerapi.Reason(err),
	}
	if errors.Is(err, os.ErrPermission) {
		st.State, st.Reason = snapshot.Denied, snapshot.ReasonDenied
		st.Detail = request + " was refused by an authorization plugin or a proxy in front of the engine"
		st.Grant = "ask whoever runs the engine to allow " + request
	}
	return st
}

// factStatus is the coverage line of a part that is one fact.
func factStatus[T any](p snapshot.Part, f snapshot.Fact[T], what string) snapshot.PartStatus {
	st := snapshot.PartStatus{Part: p, State: f.State, Reason: f.Reason}
	switch f.State {
	case snapshot.Denied:
		st.Detail, st.Grant = what+" may be read by root only", grantSudo
	case snapshot.Failed:
		st.Detail = what + " could not be read"
	case snapshot.Skipped:
		st.Detail = what + " was not looked at"
	case snapshot.Absent:
		st.Detail = what + " does not exist"
	case snapshot.Observed:
	}
	if f.Source != "" && st.Detail != "" {
		st.Detail += " (" + answer.Short(f.Source, answer.MaxShort) + ")"
	}
	return st
}

// LocalGrants are the commands that a user of the machine itself is told to run.
func LocalGrants() []string { return []string{grantSudo, grantThere} }
