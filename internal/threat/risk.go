package threat

import "fmt"

// Score is likelihood times impact, 1–25.
type Score struct {
	Likelihood int `json:"likelihood"` // 1–5
	Impact     int `json:"impact"`     // 1–5
}

// Value is the product.
func (s Score) Value() int { return s.Likelihood * s.Impact }

// Band is the name a screen shows instead of a number.
type Band uint8

// The bands of a score.
const (
	BandNone     Band = iota // 0: no risk left to show
	BandLow                  // 1–4
	BandMedium               // 5–9
	BandHigh                 // 10–14
	BandCritical             // 15–25
)

var bandNames = [...]string{"none", "low", "medium", "high", "critical"}

// String returns the name used in JSON and by --fail-on.
func (b Band) String() string {
	if int(b) < len(bandNames) {
		return bandNames[b]
	}
	return fmt.Sprintf("invalid(%d)", b)
}

// ParseBand is the inverse of String for the bands that a gate can name.
func ParseBand(name string) (Band, error) {
	for i, n := range bandNames {
		if i > 0 && n == name {
			return Band(i), nil
		}
	}
	return 0, fmt.Errorf("band %q is not one of low, medium, high, critical", name)
}

// Band returns the band of the score.
func (s Score) Band() Band {
	switch v := s.Value(); {
	case v >= 15:
		return BandCritical
	case v >= 10:
		return BandHigh
	case v >= 5:
		return BandMedium
	case v >= 1:
		return BandLow
	}
	return BandNone
}

// Inherent is the risk before any evidence.
func (t *Threat) Inherent() Score { return Score{Likelihood: t.Likelihood, Impact: t.Impact} }

// current is the risk of an element, with the reasons for every change.
// Accepted risk is carried in full: acceptance changes the status, not the harm.
func (t *Threat) current(status Status, supporting []Value) (Score, []string) {
	s := t.Inherent()
	switch status {
	case NotApplicable:
		return Score{}, []string{"does not apply here"}
	case Mitigated:
		return Score{Likelihood: 1, Impact: s.Impact}, changed(s.Likelihood, 1, "every required clause holds")
	case Unknown:
		return s, []string{"shown as inherent: evidence is missing"}
	case Open, Accepted:
	}
	holds, applies := 0, 0
	for _, v := range supporting {
		if v == None {
			continue
		}
		applies++
		if v == Pass {
			holds++
		}
	}
	if applies == 0 || holds*2 < applies || s.Likelihood == 1 {
		return s, nil
	}
	return Score{Likelihood: s.Likelihood - 1, Impact: s.Impact},
		changed(s.Likelihood, s.Likelihood-1, fmt.Sprintf("%d of %d supporting clauses hold", holds, applies))
}

func changed(from, to int, why string) []string {
	if from == to {
		return nil
	}
	return []string{fmt.Sprintf("L %d->%d: %s", from, to, why)}
}
