package snapshot

import (
	"slices"
	"strings"
)

// keyWords end the names of parts that are secrets in connection strings and in
// queries of URLs.
var keyWords = []string{
	"password", "passwd", "pwd", "secret", "clientsecret", "accountkey", "accesskey", "sharedaccesskey", "sharedaccesssignature", "apikey",
	"secretkey", "accesstoken", "sig", "signature",
}

// urlWithPassword reports whether one of the URLs in a value has a user and a
// password.
func urlWithPassword(v string) bool {
	for rest, ok := v, true; ok; {
		if _, rest, ok = strings.Cut(rest, "://"); ok {
			authority := rest
			if i := strings.IndexAny(rest, "/?# \t\r\n\"'"); i >= 0 {
				authority = rest[:i]
			}
			if user, _, at := strings.Cut(authority, "@"); at && strings.Contains(user, ":") {
				return true
			}
		}
	}
	return false
}

// holdsKey reports whether a value is made of parts NAME=VALUE of which one is a
// password or a key: Server=db;User Id=sa;Password=…, host=db password=…,
// db:6379,password=…, user=a&password=….
func holdsKey(v string) bool {
	if strings.IndexByte(v, '=') < 0 {
		return false
	}
	for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return strings.ContainsRune(";&, \t\r\n", r) }) {
		name, value, ok := strings.Cut(part, "=")
		value = strings.Trim(value, `"'`)
		if !ok || value == "" || strings.ContainsRune("$/<{*%", rune(value[0])) { // a variable, a file or a gap to fill in
			continue
		}
		if i := strings.LastIndexAny(name, ".-:"); i >= 0 {
			name = name[i+1:]
		}
		if slices.Contains(keyWords, strings.ToLower(strings.ReplaceAll(name, "_", ""))) {
			return true
		}
	}
	return false
}
