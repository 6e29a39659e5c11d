package docker

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// planned.csv lists the rows of the catalogue that have a number in a benchmark.
//
//go:embed planned.csv
var plannedCSV string

// Planned returns the numbered rows of the catalogue that no check of the suite
// answers yet. They are shown as unknown, never left out.
var Planned = sync.OnceValue(func() []check.Planned {
	rows, err := csv.NewReader(strings.NewReader(plannedCSV)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("planned.csv: %v", err)) // embedded; a test reads it
	}
	var out []check.Planned
	for _, r := range rows[1:] {
		if slices.ContainsFunc(Suite, func(c *check.Check) bool { return c.ID == r[0] }) {
			continue
		}
		level, _ := strconv.Atoi(r[3]) // empty is unknown
		out = append(out, check.Planned{ID: r[0], Subject: snapshot.Kind(r[1]), Title: r[2], Refs: check.CIS(level, r[4], r[5], r[6])})
	}
	return out
})
