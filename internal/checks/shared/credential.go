package shared

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"plimsoll/internal/snapshot"
)

var (
	secretName = regexp.MustCompile(`(?i)(^|[_.-])(PASS|PASSWD|PASSWORD|PASSPHRASE|SECRET|SECRETS|TOKEN|CREDENTIALS?|APIKEY|(API|ACCESS|AUTH|PRIVATE|SECRET|ENCRYPTION|SIGNING|MASTER)[_.-]?KEY|AUTHKEY|PGPASSWORD|MYSQL_PWD)([_.-]?[0-9]*)$`)

	// A switch or a rule about secrets is none: ALLOW_EMPTY_PASSWORD=yes.
	switchName = regexp.MustCompile(`(?i)(^|[_.-])(ALLOW|DISABLE|ENABLE|REQUIRE|USE|NO|RANDOM|GENERATE|EMPTY)([_.-]|$)`)
)

// switchLen is the longest word that switches something: disabled.
const switchLen = len("disabled")

// Credential says why a variable or an assignment counts as a credential, or "".
func Credential(v snapshot.Secretish) string {
	switch v.Shape {
	case snapshot.ShapeKey:
		return "a private key"
	case snapshot.ShapeToken:
		return "the form of an issued token"
	case snapshot.ShapeURLCreds:
		return "a URL with a password"
	case snapshot.ShapeEmpty, snapshot.ShapePath, snapshot.ShapeURL:
		return ""
	case snapshot.ShapePlain, snapshot.ShapeEntropy, snapshot.ShapeBinary:
	}
	name := strings.TrimSpace(v.Name)
	if !hasSecretWord(name) || !secretName.MatchString(name) || v.Len <= switchLen && switchName.MatchString(name) {
		return ""
	}
	return "a secret by its name"
}

// hasSecretWord reports whether secretName may match: it tells most names, of
// which every container has some, at a twentieth of the price.
func hasSecretWord(name string) bool {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf { // upper and lower case are not bytes then
			return true
		}
		for _, word := range secretHints {
			if name[i]|0x20 == word[0] && i+len(word) <= len(name) && strings.EqualFold(name[i:i+len(word)], word) {
				return true
			}
		}
	}
	return false
}

// secretHints has one that is part of each alternative of secretName.
var secretHints = [...]string{"pass", "secret", "token", "credential", "key", "pwd"}
