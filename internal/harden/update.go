package harden

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/step"
)

// unlimitedSwap is what a kernel reports for a memory-and-swap limit that was
// never set: the largest whole number of pages.
const unlimitedSwap = 1<<63 - 4096

const (
	fieldMemory  = "HostConfig.Memory"
	fieldSwap    = "HostConfig.MemorySwap"
	fieldCPUs    = "HostConfig.NanoCpus"
	fieldShares  = "HostConfig.CpuShares"
	fieldPids    = "HostConfig.PidsLimit"
	fieldRestart = "HostConfig.RestartPolicy"
)

// updater changes a container in place.
type updater struct{ *runner }

// check refuses a step that the engine would refuse or add to, and a memory
// limit below what the container holds now.
func (u updater) check(ctx context.Context, s step.Step, v *view) error {
	if len(s.Set) == 0 {
		return refuse("the step changes nothing")
	}
	for _, c := range s.Set {
		if err := updatable(c.Field); err != nil {
			return err
		}
		if c.Field != fieldMemory {
			continue
		}
		limit, err := strconv.ParseInt(c.To, 10, 64)
		if err != nil || limit <= 0 {
			return refuse("memory limit %q is not a positive number of bytes", printable(c.To))
		}
		if err := withSwap(s, limit, v); err != nil {
			return err
		}
		if !v.State.Running {
			continue
		}
		use, err := u.memoryUse(ctx, v.ID)
		if err != nil {
			return &Error{Kind: ErrPrecondition, Why: "its memory use could not be read, so no limit is known to be safe", Cause: err}
		}
		if limit < use {
			return refuse("it holds %s of memory now; a limit of %s would kill it", bytesText(use), bytesText(limit))
		}
	}
	return nil
}

// withSwap refuses a memory limit above the stored limit of memory and swap
// together when the step leaves that one alone. The engine refuses it too, also
// where that limit is unset (0) or none (-1), and what nobody planned is not
// added here.
func withSwap(s step.Step, limit int64, v *view) error {
	if slices.ContainsFunc(s.Set, func(c step.Change) bool { return c.Field == fieldSwap }) {
		return nil
	}
	if err := v.understood([]string{fieldSwap}, false); err != nil {
		return err
	}
	if swap := v.Spec.Resources.MemorySwap; limit > swap {
		return refuse("the step is incomplete: the engine refuses a memory limit (%d) above the limit of memory and swap together (%d) unless %s is set in the same step; plan again",
			limit, swap, fieldSwap)
	}
	return nil
}

func updatable(field string) error {
	switch field {
	case fieldMemory, fieldSwap, fieldCPUs, fieldShares, fieldPids, fieldRestart:
		return nil
	}
	return refuse("%q cannot be changed while the container exists", printable(field))
}

// apply sends all changes in one call: memory and swap must move together
// (moby#25460), and one call is either made or not.
func (u updater) apply(ctx context.Context, s step.Step, v *view) error {
	want := make(map[string]string, len(s.Set))
	for _, c := range s.Set {
		want[c.Field] = c.To
	}
	return u.send(ctx, v, want)
}

// undo takes the changes back. Where the engine cannot return to "no limit" on
// an existing container, it sets what has the same effect and says so.
func (u updater) undo(ctx context.Context, s step.Step, raw []byte, v *view) (step.Undo, string, error) {
	want, why := make(map[string]string, len(s.Set)), []string(nil)
	now, err := ReadFields(raw, fieldNames(s.Set))
	if err != nil {
		return "", "", err
	}
	info, err := u.info(ctx)
	if err != nil {
		return "", "", err
	}
	for _, c := range s.Set {
		if now[c.Field] == c.From && c.Field != fieldMemory && c.Field != fieldSwap { // those two move together
			continue
		}
		value, reason := reachable(c, info)
		if reason != "" {
			why = append(why, reason)
		}
		want[c.Field] = value
	}
	if err := u.send(ctx, v, want); err != nil {
		return "", "", err
	}
	if err := u.reads(ctx, v.ID, want); err != nil {
		return "", "", err
	}
	if len(why) > 0 {
		return step.UndoEquivalent, strings.Join(why, "; "), nil
	}
	return step.UndoExact, "", nil
}

// reachable returns the value that undoes a change and, when it is not From
// itself, why. The engine ignores 0 for memory, CPUs and shares
// (moby#22516; seen on 20.10).
func reachable(c step.Change, info engineInfo) (value, why string) {
	if c.From != "0" || c.To == "0" {
		return c.From, ""
	}
	switch c.Field {
	case fieldMemory:
		return strconv.FormatInt(info.MemTotal, 10),
			fmt.Sprintf("a memory limit cannot be removed from an existing container; it is now all of the host's memory (%s)", bytesText(info.MemTotal))
	case fieldSwap:
		return "-1", "a swap limit cannot be removed from an existing container; it is now unlimited"
	case fieldCPUs:
		return strconv.FormatInt(info.NCPU*1e9, 10),
			fmt.Sprintf("a CPU limit cannot be removed from an existing container; it is now all %d CPUs", info.NCPU)
	case fieldShares:
		return "1024", "CPU shares cannot be unset on an existing container; they are now 1024, which is the default"
	}
	return c.From, ""
}

// send asks the engine to set values, by field. A swap limit of -1 is stored by
// the engine but not handed to the kernel (seen on 20.10 with cgroup v1), so a
// running container gets the kernel's largest value first.
func (u updater) send(ctx context.Context, v *view, want map[string]string) error {
	if want[fieldSwap] == "-1" && v.Spec.Resources.MemorySwap != -1 {
		memory, err := strconv.ParseInt(want[fieldMemory], 10, 64)
		if err != nil {
			memory = v.Spec.Resources.Memory
		}
		if memory > 0 {
			swap := int64(unlimitedSwap)
			if _, err := u.eng.ContainerUpdate(ctx, v.ID, dockerapi.Update{Memory: &memory, MemorySwap: &swap}); err != nil {
				return err
			}
		}
	}
	var body dockerapi.Update
	for field, value := range want {
		if err := setUpdate(&body, field, value); err != nil {
			return err
		}
	}
	if body.MemorySwap != nil && body.Memory == nil && v.Spec.Resources.Memory > 0 {
		body.Memory = &v.Spec.Resources.Memory // the engine judges one by the other
	}
	_, err := u.eng.ContainerUpdate(ctx, v.ID, body) // its warnings are about what reading back shows
	return err
}

// reads confirms that a container shows the values.
func (r *runner) reads(ctx context.Context, id string, want map[string]string) error {
	raw, err := r.eng.ContainerInspectRaw(ctx, id)
	if err != nil {
		return err
	}
	set := make([]step.Change, 0, len(want))
	for f, v := range want {
		set = append(set, step.Change{Field: f, To: v})
	}
	diff, err := differing(raw, set, to)
	if err != nil {
		return err
	}
	if len(diff) > 0 {
		return fmt.Errorf("the engine accepted the change, but %s", strings.Join(diff, ", "))
	}
	return nil
}
