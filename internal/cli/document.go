package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
)

// document is a saved file of one of the project's kinds.
type document struct {
	file     string
	snapshot *snapshot.Snapshot
	result   *report.Result
	plan     *report.PlanFile
}

// kind names what the document is.
func (d *document) kind() string {
	switch {
	case d.snapshot != nil:
		return "snapshot"
	case d.result != nil:
		return "result"
	}
	return "plan"
}

// readDocument reads a saved file that may come from a stranger. What is wrong
// with it is a usage error that names the file.
func (a *app) readDocument(name string) (*document, error) {
	shown := name
	var b []byte
	var err error
	if name == "-" {
		shown = "standard input"
		b, err = io.ReadAll(io.LimitReader(a.In, snapshot.MaxBytes+1))
	} else {
		if err := a.checkFile(name); err != nil {
			return nil, err
		}
		b, err = readBounded(a.path(name))
	}
	if err != nil {
		return nil, usage("%s cannot be read: %v", shown, err)
	}
	d, err := decodeDocument(b)
	if err != nil {
		return nil, usage("%s: %v", shown, err)
	}
	d.file = shown
	return d, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	b, err := io.ReadAll(io.LimitReader(f, snapshot.MaxBytes+1))
	return b, errors.Join(err, f.Close())
}

func decodeDocument(b []byte) (*document, error) {
	if len(b) > snapshot.MaxBytes {
		return nil, fmt.Errorf("larger than %d bytes, which is the most that is read", snapshot.MaxBytes)
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, notJSON(b, err)
	}
	d := &document{}
	var err error
	switch head.Schema {
	case snapshot.Schema:
		d.snapshot, err = snapshot.Parse(b)
	case report.Schema:
		d.result, err = report.Decode(b)
	case report.PlanSchema:
		d.plan, err = report.DecodePlan(b)
	default:
		return nil, fmt.Errorf("schema %s is not one that this version reads; it reads %s, %s and %s",
			quote(head.Schema), snapshot.Schema, report.Schema, report.PlanSchema)
	}
	return d, err
}

// notJSON says where the JSON breaks.
func notJSON(b []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return errors.New("no saved snapshot, result or plan: the JSON is no object with a schema")
	}
	at := min(max(0, int(syntax.Offset)), len(b))
	line := bytes.Count(b[:at], []byte("\n")) + 1
	column := at - bytes.LastIndexByte(b[:at], '\n') - 1
	return fmt.Errorf("line %d column %d: not JSON (%w); a saved snapshot, result or plan is", line, column, err)
}
