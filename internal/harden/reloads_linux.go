package harden

import (
	"time"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// Reloads says of configuration files of engines, as reloads have left them, when
// they were changed before that; zero is a file that was not there. Such a step
// changes nothing but keys that the engine has taken since, so that the rest of
// the file is in force as much as it was. The keys are those of
// [snapshot.FileDigest].
func Reloads(state string) (map[string]time.Time, error) {
	all, err := Load(state)
	if err != nil {
		return nil, err
	}
	out := make(map[string]time.Time)
	for _, j := range all {
		for _, e := range j.Entries {
			if e.Step.Kind != step.DaemonReload || !e.InForce() {
				continue
			}
			image, err := beforeOf(j, e)
			if err != nil {
				return nil, err
			}
			img, err := parseImage(image)
			if err != nil {
				return nil, err
			}
			content, err := edited(img.Content, e.Step.Set, to)
			if err != nil {
				return nil, err
			}
			before := img.Modified
			if t, ours := out[snapshot.FileDigest(img.Path, img.Content)]; ours {
				before = t
			}
			out[snapshot.FileDigest(img.Path, content)] = before
		}
	}
	return out, nil
}
