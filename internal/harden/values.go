package harden

import (
	"fmt"
	"strconv"
	"strings"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/inspect"
)

// setUpdate writes one field's value into an update.
func setUpdate(u *dockerapi.Update, field, value string) error {
	if field == fieldRestart {
		name, count, _ := strings.Cut(value, ":")
		u.Restart = &dockerapi.Restart{Name: name}
		if count == "" {
			return nil
		}
		n, err := strconv.Atoi(count)
		if err != nil || n < 0 {
			return refuse("restart policy %q: the count is not a whole number", printable(value))
		}
		u.Restart.Count = n
		return nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return refuse("%s %q is not a whole number", printable(field), printable(value))
	}
	switch field {
	case fieldMemory:
		u.Memory = &n
	case fieldSwap:
		u.MemorySwap = &n
	case fieldCPUs:
		u.NanoCPUs = &n
	case fieldShares:
		u.CPUShares = &n
	case fieldPids:
		u.PidsLimit = &n
	default:
		return updatable(field)
	}
	return nil
}

// setNoNewPrivileges replaces the option among security options; "" removes it.
func setNoNewPrivileges(opts []string, value string) ([]string, error) {
	var out []string
	for _, o := range opts {
		if key, _ := inspect.SplitOption(o); key != "no-new-privileges" {
			out = append(out, o)
		}
	}
	switch value {
	case "":
	case "true":
		out = append(out, "no-new-privileges")
	case "false":
		out = append(out, "no-new-privileges=false")
	default:
		return nil, refuse("no-new-privileges %q is neither true nor false", printable(value))
	}
	return out, nil
}

// bytesText writes a number of bytes for people, exactly.
func bytesText(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	i, rest := 0, n
	for i < len(units)-1 && rest >= 1024 && rest%1024 == 0 {
		rest, i = rest/1024, i+1
	}
	if i == 0 && n >= 1<<20 {
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	if i > 0 && rest >= 10240 {
		return fmt.Sprintf("%.1f %s", float64(rest)/1024, units[min(i+1, len(units)-1)])
	}
	return fmt.Sprintf("%d %s", rest, units[i])
}
