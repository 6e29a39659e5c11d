package text

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
)

// Edition is an edition of a benchmark as far as its numbers are known.
type Edition struct {
	Name    string // cis-docker-1.6.0
	Numbers int    // rows, with or without a check
}

// Editions returns the editions that checks have numbers of, the oldest first.
func Editions(suite []*check.Check, planned []check.Planned) []Edition {
	numbers := make(map[string]map[string]bool)
	count := func(refs []check.Ref) {
		for _, ref := range refs {
			e := ref.Source + "-" + ref.Edition
			if numbers[e] == nil {
				numbers[e] = make(map[string]bool)
			}
			numbers[e][ref.ID] = true
		}
	}
	for _, c := range suite {
		count(c.Refs)
	}
	for _, pl := range planned {
		count(pl.Refs)
	}
	var out []Edition
	for name, ids := range numbers {
		out = append(out, Edition{name, len(ids)})
	}
	slices.SortFunc(out, func(a, b Edition) int { return compareNumbers(a.Name, b.Name) })
	return out
}

// Usual returns the newest edition of which at least half as many numbers are
// known as of any: the numbers of the very newest may not be, and a page of a few
// rows would look like a whole benchmark.
func Usual(editions []Edition) Edition {
	most := 0
	for _, e := range editions {
		most = max(most, e.Numbers)
	}
	for _, e := range slices.Backward(editions) {
		if e.Numbers*2 >= most {
			return e
		}
	}
	return Edition{}
}

// Fragment reports whether so few numbers of an edition are known that its page is
// no whole benchmark.
func Fragment(editions []Edition, name string) bool {
	i := slices.IndexFunc(editions, func(e Edition) bool { return e.Name == name })
	return i >= 0 && editions[i].Numbers*2 < Usual(editions).Numbers
}

// BenchHead prints which edition a benchmark's page shows and, where nobody chose
// it, why this one. Hidden rows are those that --only and --skip take out.
func BenchHead(w io.Writer, editions []Edition, name string, chosen bool, hidden int, o Options) error {
	p := newPage(w, o)
	var others []string
	numbers := 0
	for _, e := range editions {
		if e.Name == name {
			numbers = e.Numbers
			continue
		}
		others = append(others, fmt.Sprintf("%s (%d)", e.Name, e.Numbers))
	}
	line := fmt.Sprintf("%s, %d numbers", name, numbers)
	if usual := Usual(editions); Fragment(editions, name) {
		line += fmt.Sprintf(": of this edition only the few numbers that could be confirmed are known, so this is no whole benchmark; %s has %d", usual.Name, usual.Numbers)
	}
	if !chosen {
		line += ": the newest edition of which most are known; --edition takes " + strings.Join(others, ", ")
	}
	if hidden > 0 {
		line += fmt.Sprintf("; --only and --skip hide %d of the checks", hidden)
	}
	p.wrap("", line)
	return p.err
}

// compareNumbers orders 2.9 before 2.10.
func compareNumbers(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		if errX != nil || errY != nil {
			if c := cmp.Compare(as[i], bs[i]); c != 0 {
				return c
			}
			continue
		}
		if x != y {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(as), len(bs))
}
