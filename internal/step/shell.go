package step

import "strings"

// Shell writes a word of a command so that a shell takes it as it is: whatever it
// holds, it is one argument and nothing of it is run. Commands that people copy
// hold names from labels and files, which strangers choose.
func Shell(word string) string {
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// special reports whether a character means something to some shell, or may.
func special(r rune) bool {
	return !strings.ContainsRune("-_=+./:@%,", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}
