package schema

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

type colour uint8

func (colour) MarshalText() ([]byte, error) { return []byte("red"), nil }

type box[T any] struct {
	V T `json:"v"`
}

type sample struct {
	Schema string            `json:"schema"`
	Colour colour            `json:"colour"`
	At     time.Time         `json:"at"`
	N      uint16            `json:"n,omitempty"`
	List   []string          `json:"list"`
	Self   *sample           `json:"self,omitempty"`
	Box    box[int]          `json:"box"`
	Map    map[string]string `json:"map,omitempty"`
	Gone   string            `json:"-"`
}

func TestGenerate(t *testing.T) {
	b, err := Generate(Document{
		Name: "sample", Title: "A sample", Value: sample{}, Const: map[string]string{"schema": "x/v1"},
		Enums: map[reflect.Type][]string{reflect.TypeFor[colour](): {"red", "green"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Properties map[string]json.RawMessage
		Required   []string
		Defs       map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if want := []string{"schema", "colour", "at", "list", "box"}; !reflect.DeepEqual(got.Required, want) {
		t.Errorf("required %v, want %v", got.Required, want)
	}
	for name, want := range map[string]string{
		"schema": `"x/v1"`, "colour": `"green"`, "at": `"date-time"`, "n": `"minimum": 0`, "list": `"null"`,
		"self": `#/$defs/schema.sample`, "box": `#/$defs/schema.box-int`, "map": `additionalProperties`,
	} {
		if !strings.Contains(string(got.Properties[name]), want) {
			t.Errorf("%s: %s does not contain %s", name, got.Properties[name], want)
		}
	}
	if _, ok := got.Properties["Gone"]; ok || len(got.Properties) != 8 {
		t.Errorf("properties %v", got.Properties)
	}
	if _, ok := got.Defs["schema.box-int"]; !ok {
		t.Errorf("defs %v", got.Defs)
	}
}

func TestGenerateRefusesWhatJSONCannotCarry(t *testing.T) {
	for _, v := range []any{struct{ C chan int }{}, struct{ M map[int]string }{}} {
		if _, err := Generate(Document{Name: "x", Value: v}); err == nil {
			t.Errorf("%T was accepted", v)
		}
	}
}
