package shared

import (
	"slices"
	"strings"
)

// secretWords are parts of names that secrets go by; words are divided by _, -
// or ., or by a change of case.
var secretWords = []string{"password", "passwd", "passphrase", "secret", "token", "apikey", "credential", "credentials", "pwd"}

// secretPairs are two words that make a secret together.
var secretPairs = []string{"api_key", "private_key", "access_key", "secret_key", "signing_key", "encryption_key", "auth_key", "ssh_key", "deploy_key", "account_key"}

// notSecret are last words of names that say where a secret is, or what it is
// like.
var notSecret = []string{"file", "path", "dir", "url", "uri", "endpoint", "name", "id", "ttl", "expiry", "expires", "length", "len", "type", "header", "issuer", "policy", "enabled"}

// SecretName reports whether a variable is named as one that holds a secret.
func SecretName(name string) bool {
	words := nameWords(name)
	if len(words) == 0 {
		return false
	}
	switch words[0] {
	case "allow", "enable", "disable", "require", "use", "skip", "no", "public":
		return false
	}
	if slices.Contains(notSecret, words[len(words)-1]) {
		return false
	}
	joined := "_" + strings.Join(words, "_") + "_"
	for _, w := range secretWords {
		if strings.Contains(joined, "_"+w+"_") {
			return true
		}
	}
	for _, p := range secretPairs {
		if strings.Contains(joined, "_"+p+"_") {
			return true
		}
	}
	// Written without a divider: MYSQLPASSWORD, authtoken.
	last := words[len(words)-1]
	for _, w := range secretWords[:5] {
		if strings.HasSuffix(last, w) {
			return true
		}
	}
	return false
}

// nameWords divides a name into lower-case words.
func nameWords(name string) []string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		upper := r >= 'A' && r <= 'Z'
		if upper && lower {
			b.WriteByte(' ')
		}
		if r == '_' || r == '-' || r == '.' {
			r = ' '
		}
		b.WriteRune(r)
		lower = r >= 'a' && r <= 'z'
	}
	return strings.Fields(strings.ToLower(b.String()))
}
