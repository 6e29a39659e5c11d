package schemacheck

import "testing"

func TestCheck(t *testing.T) {
	schema := []byte(`{"type":"object","required":["at"],"properties":{"at":{"type":"string","format":"date-time"}}}`)
	for doc, ok := range map[string]bool{
		`{"at":"2026-11-01T12:00:00Z"}`: true,
		`{"at":"yesterday"}`:            false,
		`{}`:                            false,
		`{`:                             false,
	} {
		if err := Check(schema, []byte(doc)); (err == nil) != ok {
			t.Errorf("%s: %v", doc, err)
		}
	}
	if Check([]byte(`{"type":"nonsense"}`), []byte(`{}`)) == nil {
		t.Error("a broken schema was accepted")
	}
}
