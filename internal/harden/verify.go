package harden

import (
	"context"
	"fmt"

	"plimsoll/internal/step"
)

// Check is whether one value that a run set still holds.
type Check struct {
	Step  step.Step `json:"step"`
	Field string    `json:"field"`
	Want  string    `json:"want"`
	Got   string    `json:"got"`
	Holds bool      `json:"holds"`
	Why   string    `json:"why,omitempty"` // why it could not be read
}

// Verify reads, for every step of a run that is in force, whether its values
// still hold. It changes nothing and needs no lock.
func Verify(ctx context.Context, o Options, ref string) ([]Check, error) {
	r := newRunner(o)
	all, err := Load(o.State)
	if err != nil {
		return nil, err
	}
	j, err := Find(all, ref)
	if err != nil {
		return nil, err
	}
	if folder := j.Header.Folder(); folder != "" {
		return r.verifyFiles(ctx, folder, j)
	}
	info, err := r.info(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the engine who it is: %w", err)
	}
	if j.Header.Engine != info.ID {
		return nil, &Error{Kind: ErrPrecondition, Why: "the run was on another engine: " + printable(j.Header.Endpoint), Journal: j.Path}
	}
	chain := successors(all, everyone)
	r.chain = successors(all, committedOnly)
	var out []Check
	for _, e := range j.Entries {
		if !e.InForce() {
			continue
		}
		if m := r.mender(e.Step.Kind); m != nil {
			out = append(out, r.verifyHost(ctx, m, j, e)...)
			continue
		}
		raw, v, err := r.inspect(ctx, chain.follow(e.Step.Target.UID))
		if err != nil {
			return out, err
		}
		var got map[string]string
		why := "the container is gone"
		if v == nil {
			if gone, err := r.allGone(ctx, e); err != nil {
				return out, err
			} else if gone {
				why += "; plimsoll harden --commit " + j.Header.ID + " closes its run"
			}
		} else {
			why = ""
			if got, err = ReadFields(raw, fieldNames(e.Step.Set)); err != nil {
				why = err.Error()
			}
		}
		for _, c := range e.Step.Set {
			out = append(out, Check{Step: e.Step, Field: c.Field, Want: c.To, Got: got[c.Field], Holds: why == "" && got[c.Field] == c.To, Why: why})
		}
	}
	return out, nil
}

func (r *runner) verifyFiles(ctx context.Context, folder string, j *Journal) ([]Check, error) {
	var err error
	if r.files, err = openFiles(folder); err != nil {
		return nil, fmt.Errorf("open the folder: %w", err)
	}
	defer r.files.root.Close() //nolint:errcheck // it was only read
	var out []Check
	for _, e := range j.Entries {
		if !e.InForce() {
			continue
		}
		checks, err := r.checkFiles(ctx, e)
		if err != nil {
			return out, err
		}
		out = append(out, checks...)
	}
	return out, nil
}
