package workload

import (
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// selectedBy returns the label by which a selector of policy takes a workload in:
// KEY=VALUE, KEY for any value, or * for all; "" when none does.
func selectedBy(w *snapshot.Workload, selectors []string) string {
	for _, s := range selectors {
		if s == "*" {
			return "*"
		}
		key, value, exact := strings.Cut(s, "=")
		for _, l := range w.Labels {
			if l.Key == key && (!exact || l.Value == value) {
				return l.Key + "=" + l.Value
			}
		}
	}
	return ""
}

// number writes a number in decimal.
func number(n int64) string { return strconv.FormatInt(n, 10) }
