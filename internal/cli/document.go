package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"plimsoll/internal/collect/files"
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
	return namedDocument(b, shown)
}

func namedDocument(b []byte, shown string) (*document, error) {
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

// savedHead is how much of a document tells what it is.
const savedHead = 8 << 10

// manifests reports whether a text is Kubernetes objects and no document of this
// program, which may quote some. cut says that it is the begin of one only.
func manifests(text []byte, cut bool) bool {
	head := text[:min(len(text), savedHead)]
	if t := bytes.TrimLeft(head, " \t\r\n"); len(t) > 0 && t[0] == '{' && bytes.Contains(t, []byte(`"schema"`)) && bytes.Contains(t, []byte("plimsoll.")) {
		return false
	}
	return files.Manifest(text, cut)
}

// holdsObjects reports whether a file that may be a saved document by its name holds
// Kubernetes objects instead.
func (a *app) holdsObjects(name string, fi fs.FileInfo) bool {
	if ext := filepath.Ext(name); !fi.Mode().IsRegular() || ext != ".json" && ext != ".jsonl" && ext != ".ndjson" {
		return false
	}
	f, err := os.Open(a.path(name))
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, savedHead))
	return err == nil && manifests(head, fi.Size() > savedHead)
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
