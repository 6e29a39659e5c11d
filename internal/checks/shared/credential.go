package shared

import (
	"regexp"
	"strings"

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
	if !secretName.MatchString(name) || v.Len <= switchLen && switchName.MatchString(name) {
		return ""
	}
	return "a secret by its name"
}
