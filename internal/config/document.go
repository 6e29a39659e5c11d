package config

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"plimsoll/internal/yaml"
)

// document is a file being read: its decoder, which gathers the errors, and the
// values of its top level.
type document struct {
	*yaml.Decoder
	fields map[string]*yaml.Node
}

// open parses a file and checks its schema line. keys are the sections that it
// may hold beside it; an empty section counts as missing.
func open(data []byte, file, schema string, keys ...string) (*document, error) {
	root, err := yaml.Parse(data, file, limits)
	if err != nil {
		if e, ok := errors.AsType[*yaml.Error](err); ok {
			return nil, &Error{yaml.Errors{e}}
		}
		return nil, failure(file, "cannot be read: %v", err)
	}
	d := &document{Decoder: yaml.NewDecoder(file)}
	d.fields = d.Fields(root, "the file", append([]string{"schema"}, keys...)...)
	if n := d.Required(root, d.fields, "the file", "schema", schema); n != nil {
		if v, ok := d.Text(n, "schema"); ok && v != schema {
			d.Errorf(n, "schema is %s; this version reads %s", yaml.Quote(v), schema)
		}
	}
	for _, k := range keys {
		if n := d.fields[k]; n != nil && n.IsNull() {
			delete(d.fields, k)
		}
	}
	return d, nil
}

// err returns all that was found wrong, or nil.
func (d *document) err() error {
	if errs := d.Errors(); len(errs) > 0 {
		return &Error{errs}
	}
	return nil
}

// longestLine is how many characters a reason, an owner or a note may have.
const longestLine = 1000

// line reads text that a person wrote for people. White space, line breaks
// included, becomes single spaces.
func (d *document) line(n *yaml.Node, what string) string {
	raw, ok := d.Text(n, what)
	if !ok {
		return ""
	}
	text := strings.Join(strings.Fields(raw), " ")
	switch {
	case text == "":
		d.Errorf(n, "%s is blank; write it out", what)
	case utf8.RuneCountInString(raw) > longestLine:
		d.Errorf(n, "%s is longer than %d characters; shorten it and refer to a ticket", what, longestLine)
	case strings.ContainsFunc(text, unsafe):
		d.Errorf(n, "%s is %s, which holds a control character; remove it", what, yaml.Quote(text))
	default:
		return text
	}
	return ""
}

// unsafe reports characters that change how a terminal or a page shows the
// others.
func unsafe(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// bareAnswer is what people write where a switch is expected.
var bareAnswer = regexp.MustCompile(`^([Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF|[Tt]rue|TRUE|[Ff]alse|FALSE|[Yy]|[Nn])$`) //nolint:misspell // [Ff]alse

// reason reads a reason, which is more than a yes.
func (d *document) reason(n *yaml.Node, what string) string {
	text := d.line(n, what)
	if bareAnswer.MatchString(text) {
		d.Errorf(n, "%s is %s; it takes the reason, in words", what, yaml.Quote(text))
	}
	return text
}

// word reads one of a few words.
func (d *document) word(n *yaml.Node, what string, words []string) string {
	v, ok := d.Text(n, what)
	if !ok || slices.Contains(words, v) {
		return v
	}
	if near := yaml.Nearest(v, words); near != "" {
		d.Errorf(n, "%s is %s; did you mean %s?", what, yaml.Quote(v), near)
	} else {
		d.Errorf(n, "%s is %s; it takes one of %s", what, yaml.Quote(v), strings.Join(words, ", "))
	}
	return ""
}

const exampleDate = "2027-03-31"

// date reads a day, without a time of day.
func (d *document) date(n *yaml.Node, what string) (time.Time, bool) {
	v, ok := d.Text(n, what)
	if !ok {
		return time.Time{}, false
	}
	day, err := time.Parse(time.DateOnly, v)
	if err != nil {
		d.Errorf(n, "%s is %s; it takes a date: year-month-day, such as %s", what, yaml.Quote(v), exampleDate)
		return time.Time{}, false
	}
	return day, true
}
