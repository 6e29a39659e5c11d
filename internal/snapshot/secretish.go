package snapshot

import (
	"math"
	"strings"
	"unicode/utf8"
)

// Shape is what can be said of a secret without giving it away.
type Shape string

// The shapes, from a look at the value that is then forgotten.
const (
	ShapeEmpty    Shape = "empty"
	ShapePlain    Shape = "plain"     // nothing remarkable
	ShapePath     Shape = "path"      // an absolute path: a file reference, not the secret
	ShapeURL      Shape = "url"       // a URL without credentials
	ShapeURLCreds Shape = "url-creds" //nolint:gosec // a URL or connection string with a password or key in it: the name of the shape, no credential
	ShapeKey      Shape = "key"       // a PEM private key
	ShapeToken    Shape = "token"     // the form of a known token type
	ShapeEntropy  Shape = "entropy"   // long and random-looking
	ShapeBinary   Shape = "binary"    // not valid UTF-8, or control characters
)

// Secretish stands for a value that may be a secret: its name, its length in
// bytes and its shape. The value itself, a hash or a prefix never enter.
type Secretish struct {
	Name  string `json:"name"`
	Len   int    `json:"len"`
	Shape Shape  `json:"shape"`
}

// Conceal reduces a named value to its shape.
func Conceal(name, value string) Secretish {
	return Secretish{Name: name, Len: len(value), Shape: shapeOf(value)}
}

// tokenPrefixes are public prefixes of issued credentials; they say what kind
// of thing a value is, not which.
var tokenPrefixes = []string{
	"AKIA", "ASIA", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk-", "sk_live_",
	"eyJ", "dckr_pat_", "npm_", "hvs.", "AIza", "ya29.", "SG.", "xapp-", "rk_live_", "whsec_", "glrt-", "pypi-", "shpat_", "dop_v1_",

	// Whoever knows such a URL may post there.
	"https://hooks.slack.com/services/", "https://hooks.slack.com/workflows/", "https://hooks.slack.com/triggers/",
	"https://discord.com/api/webhooks/", "https://discordapp.com/api/webhooks/", "https://outlook.office.com/webhook/",
}

const shapeWindow = 4096 // bytes looked at; a longer value is judged by its start

func shapeOf(v string) Shape {
	if v == "" {
		return ShapeEmpty
	}
	if len(v) > shapeWindow {
		v = v[:shapeWindow]
		for i := 0; i < utf8.UTFMax && !utf8.ValidString(v); i++ {
			v = v[:len(v)-1]
		}
	}
	if strings.Contains(v, "-----BEGIN") && strings.Contains(v, "PRIVATE KEY") {
		return ShapeKey
	}
	if !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool { return r < 0x20 && r != '\n' && r != '\t' && r != '\r' }) {
		return ShapeBinary
	}
	for _, p := range tokenPrefixes {
		if strings.HasPrefix(v, p) && len(v) >= len(p)+12 {
			return ShapeToken
		}
	}
	if urlWithPassword(v) {
		return ShapeURLCreds
	}
	if i := strings.Index(v, "://"); i > 0 && i < 16 && !strings.ContainsAny(v[:i], "=; ") {
		if _, query, ok := strings.Cut(v, "?"); ok && holdsKey(query) {
			return ShapeURLCreds
		}
		return ShapeURL
	}
	if holdsKey(v) {
		return ShapeURLCreds
	}
	if v[0] == '/' {
		return ShapePath
	}
	if len(v) >= 20 && !strings.ContainsAny(v, " \n\t") && entropy(v) > 3.8 {
		return ShapeEntropy
	}
	return ShapePlain
}

// entropy is the Shannon entropy of the bytes, in bits per byte.
func entropy(v string) float64 {
	var n [256]int
	for i := range len(v) {
		n[v[i]]++
	}
	var h float64
	for _, c := range n {
		if c > 0 {
			p := float64(c) / float64(len(v))
			h -= p * math.Log2(p)
		}
	}
	return h
}
