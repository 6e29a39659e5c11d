package shared

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A name is read as its words, divided by _, -, ., / or space, or by a change of
// case. As in any compound the last word says what it is: SECRET_NAME is a name,
// TOKEN_URL a place, DB_PASSWORD a password. So nothing need be known of the many
// words that may follow, only of the few that leave the meaning as it is.
var (
	// secretWords are secrets as words of their own.
	secretWords = []string{
		"pass", "passwd", "password", "passwords", "passphrase", "passcode", "secret", "secrets", "token", "apikey", "credential", "credentials", "creds",
		"dbpass", "rootpass", "adminpass", "userpass", "smtppass", "sshpass", "keypass", "storepass", "requirepass", "dbpwd", "rootpwd", "dbpw",
	}

	// secretEnds end words that were written without a divider: PGPASSWORD. No
	// other word that programs use ends so, unlike pass (COMPASS) and key (MONKEY).
	secretEnds = []string{"password", "passwd", "passphrase", "secret", "token", "apikey", "authkey", "accesskey", "secretkey", "privatekey"}

	// keyOwners make a secret of the word key behind them.
	keyOwners = []string{
		"api", "access", "private", "secret", "signing", "encryption", "master", "auth", "ssh", "deploy", "account", "session", "shared", "hmac", "jwt",
	}

	// keepMeaning follow a secret and leave it one: DB_PASSWORD_PROD,
	// SECRET_KEY_BASE.
	keepMeaning = []string{
		"base", "base64", "b64", "current", "default", "dev", "development", "new", "old", "previous", "primary", "prod", "production", "secondary",
		"staging", "test", "value",
	}

	// notSecret make public, or a reference to something else, of what follows.
	notSecret = []string{"public", "publishable"}

	// switchWords tell a switch or a rule about secrets.
	switchWords = []string{"allow", "disable", "empty", "enable", "generate", "no", "random", "require", "skip", "use"}
)

// readName reports whether a name is that of a secret, and whether it may as
// well be that of a switch, which only its value tells.
func readName(name string) (secret, switches bool) {
	if !hasSecretWord(name) {
		return false, false
	}
	words := nameWords(name)
	for len(words) > 1 && (number(words[len(words)-1]) || slices.Contains(keepMeaning, words[len(words)-1])) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return false, false
	}
	before, last := words[:len(words)-1], strings.TrimRight(words[len(words)-1], "0123456789")
	contains := func(list []string) bool {
		return slices.ContainsFunc(before, func(w string) bool { return slices.Contains(list, w) })
	}
	if contains(notSecret) {
		return false, false
	}
	return isSecret(before, last), contains(switchWords)
}

func isSecret(before []string, last string) bool {
	if slices.Contains(secretWords, last) || slices.ContainsFunc(secretEnds, func(end string) bool { return strings.HasSuffix(last, end) }) {
		// The variable of Google's libraries that has the path of a file.
		return last != "credentials" || len(before) == 0 || before[len(before)-1] != "application"
	}
	if len(before) == 0 {
		return false
	}
	switch owner := before[len(before)-1]; last {
	case "key":
		return slices.Contains(keyOwners, owner)
	case "pw":
		return true
	case "pwd": // by itself, and as OLD_PWD, it is the working directory
		return owner != "old"
	}
	return false
}

func number(word string) bool { return strings.Trim(word, "0123456789") == "" }

// nameWords divides a name into lower-case words.
func nameWords(name string) []string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		upper := r >= 'A' && r <= 'Z'
		if upper && lower {
			b.WriteByte(' ')
		}
		switch r {
		case '_', '-', '.', '/':
			r = ' '
		}
		b.WriteRune(r)
		lower = r >= 'a' && r <= 'z'
	}
	return strings.Fields(strings.ToLower(b.String()))
}

// secretHints has one that is part of each name that readName takes for a
// secret.
var secretHints = [...]string{"pass", "secret", "token", "cred", "key", "pw"}

// hasSecretWord reports whether a name may be that of a secret: it tells most
// names, of which every container has some, at a fraction of the price.
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
