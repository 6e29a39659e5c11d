package netpol

// Answer is what is known of a yes-or-no question.
type Answer uint8

// The answers, rising. Maybe is said where labels, addresses or policies of other
// kinds are not known.
const (
	No Answer = iota
	Maybe
	Yes
)

// String returns the word.
func (a Answer) String() string {
	switch a {
	case No:
		return "no"
	case Maybe:
		return "maybe"
	case Yes:
		return "yes"
	}
	return "invalid"
}

// not is the answer to the opposite question.
func (a Answer) not() Answer { return Yes - a }

// or is the answer to whether one of a list is so; no item, no.
func or(answers ...Answer) Answer {
	out := No
	for _, a := range answers {
		out = max(out, a)
	}
	return out
}

// unsure is an answer that something unknown may change.
func unsure(a Answer, doubt bool) Answer {
	if doubt {
		return Maybe
	}
	return a
}
