package inspect

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// decodeSecurity reads the security options of HostConfig. As in the engine,
// the last option of a kind wins.
func decodeSecurity(o answer.Object) snapshot.Security {
	var s snapshot.Security
	var options []string
	o.Read("SecurityOpt", &options)
	for _, opt := range answer.Capped(o, "SecurityOpt", options) {
		key, value := SplitOption(opt)
		switch key {
		case "no-new-privileges":
			on := true
			if opt != key {
				var err error
				if on, err = strconv.ParseBool(value); err != nil {
					o.Reject("SecurityOpt")
					continue
				}
			}
			s.NoNewPrivileges = &on
		case "writable-cgroups":
			on, err := strconv.ParseBool(cmp.Or(value, "true"))
			if err != nil {
				o.Reject("SecurityOpt")
				continue
			}
			s.WritableCgroups = on
		case "seccomp":
			s.Seccomp = seccompProfile(o, value)
		case "label":
			s.SELinux = append(s.SELinux, o.Cut("SecurityOpt", value, answer.MaxShort))
		case "apparmor", "systempaths", "credentialspec":
			// Judged by what the engine made of it, or not at all.
		default:
			o.Reject("SecurityOpt")
		}
	}
	s.SystemPaths = systemPaths(o)
	s.Masked, s.Unmasked = masks(o)
	return s
}

// SplitOption cuts a security option at '=', or at ':' as old clients wrote.
func SplitOption(opt string) (key, value string) {
	i := strings.IndexAny(opt, "=:")
	if i < 0 {
		return opt, ""
	}
	return opt[:i], opt[i+1:]
}

// seccompProfile names a profile: unconfined, builtin, or the digest of a given
// text in canonical form.
func seccompProfile(o answer.Object, value string) string {
	if value == "" || value == "unconfined" || value == "builtin" {
		return value
	}
	dec := json.NewDecoder(strings.NewReader(value))
	dec.UseNumber()
	var profile any
	canonical := new(bytes.Buffer)
	enc := json.NewEncoder(canonical)
	enc.SetEscapeHTML(false)
	if err := dec.Decode(&profile); err != nil || enc.Encode(profile) != nil {
		o.Reject("SecurityOpt")
		return ""
	}
	sum := sha256.Sum256(bytes.TrimSpace(canonical.Bytes()))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// systemPaths reports whether the masking of /proc and /sys that the engine
// does by itself is taken away. The engine states the lists it applies; null is
// what it states for privileged containers, and what Podman always states.
func systemPaths(o answer.Object) string {
	for field, usual := range map[string]string{"MaskedPaths": "/proc/kcore", "ReadonlyPaths": "/proc/sys"} {
		var paths []string
		o.Read(field, &paths)
		if paths != nil && !slices.Contains(paths, usual) {
			return "unconfined"
		}
	}
	return ""
}

// masks compares the lists of masked and read-only paths with those that every
// engine since 20.10 applies. Newer engines add further ones.
func masks(o answer.Object) (stated bool, missing []string) {
	var masked, readonly []string
	o.Read("MaskedPaths", &masked)
	o.Read("ReadonlyPaths", &readonly)
	if masked == nil || readonly == nil {
		return false, nil
	}
	usualHidden, usualReadonly := snapshot.UsualMasks()
	for _, p := range usualHidden {
		if !slices.Contains(masked, p) {
			missing = append(missing, p)
		}
	}
	for _, p := range usualReadonly {
		// A path that is hidden altogether need not be read-only besides.
		if !slices.Contains(readonly, p) && !slices.Contains(masked, p) {
			missing = append(missing, p)
		}
	}
	return true, missing
}
