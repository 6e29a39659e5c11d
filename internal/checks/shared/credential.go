package shared

import "plimsoll/internal/snapshot"

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
		return "a URL or connection string with a password"
	case snapshot.ShapeEmpty, snapshot.ShapePath, snapshot.ShapeURL:
		return ""
	case snapshot.ShapePlain, snapshot.ShapeEntropy, snapshot.ShapeBinary:
	}
	secret, switches := readName(v.Name)
	if !secret || switches && v.Len <= switchLen {
		return ""
	}
	return "a secret by its name"
}

// SecretName reports whether a name is one that secrets go by; what switches
// something about secrets (ALLOW_EMPTY_PASSWORD) is none.
func SecretName(name string) bool {
	secret, switches := readName(name)
	return secret && !switches
}
