package shared

import (
	"testing"

	"plimsoll/internal/snapshot"
)

// The first list is of names that must count, the second of names that must not;
// many of either are those of well-known images.
func TestSecretName(t *testing.T) {
	for want, names := range map[bool][]string{
		true: {
			"PASSWORD", "password", "PASSWD", "PASS", "DB_PASS", "db-pass", "DB_PASS2", "DBPASS", "SSHPASS", "SPRING.DATASOURCE.PASSWORD", "PASSPHRASE", "KEY_PASSPHRASE",
			"POSTGRES_PASSWORD", "ADMIN_PW", "MYSECRET", "PGPASSWORD", "MYSQL_ROOT_PASSWORD", "MYSQL_PWD", "DB_PWD", "dbPassword", "DBPassword", "DB_PASSWORD_1", "DB_PASSWORD_PROD",
			"SECRET", "SECRETS", "CLIENT_SECRET", "clientSecret", "JWT_SECRET", "SECRET_KEY", "SECRET_KEY_BASE", "TOKEN_SECRET", "SECRET_TOKEN",
			"TOKEN", "GITHUB_TOKEN", "NPM_TOKEN", "authtoken", "accessToken", "VAULT_TOKEN", "API_TOKEN_2",
			"API_KEY", "api-key", "apiKey", "APIKEY", "APIKEY_2", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "aws.secret.access.key", "PRIVATE_KEY",
			"ENCRYPTION_KEY", "SIGNING_KEY", "MASTER_KEY", "SSH_PRIVATE_KEY", "STORAGE_ACCOUNT_KEY", "AWS_CREDENTIALS", "DB_CREDS",
			"registry/password", "MY_PRODUCTION_PASSWORD",
		},
		false: {
			"", "_", "PATH", "HOME", "LANG", "USER", "BYPASS", "COMPASS", "PASSENGER", "PASSENGER_APP_ENV", "PASSIVE_MODE", "ENCOMPASS", "PASS_THROUGH", "PASSPORT",
			"PWD", "PW", "OLDPWD", "OLD_PWD", "KEYBOARD", "KEYBOARD_LAYOUT", "KEYMAP", "MONKEY", "TURKEY", "KEY", "GPG_KEY", "PUBLIC_KEY", "KEY_ID", "PRIMARY_KEY",
			"TOKENIZER", "TOKENIZERS_PARALLELISM", "MAX_TOKENS", "TOKEN_URL", "TOKEN_TTL", "TOKEN_ISSUER", "SECRET_NAME", "SECRETARY", "SECRET_ID",
			"PASSWORD_FILE", "DB_PASSWORD_FILE", "POSTGRES_PASSWORD_FILE", "TOKEN_PATH", "SECRETS_DIR", "PASSWORD_MIN_LENGTH", "PASSWORD_POLICY", "PASSWORD_HASHERS",
			"AWS_ACCESS_KEY_ID", "GOOGLE_APPLICATION_CREDENTIALS", "AWS_SHARED_CREDENTIALS_FILE", "NEXT_PUBLIC_API_KEY", "STRIPE_PUBLISHABLE_TOKEN",
			"ALLOW_EMPTY_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD", "MYSQL_ALLOW_EMPTY_PASSWORD", "REQUIRE_TOKEN", "NO_PASSWORD", "USE_API_KEY",
		},
	} {
		for _, name := range names {
			if got := SecretName(name); got != want {
				t.Errorf("SecretName(%q) = %v", name, got)
			}
		}
	}
}

// The hint that makes names cheap must never hide one.
func TestSecretHints(t *testing.T) {
	for _, list := range [][]string{secretWords, secretEnds} {
		for _, word := range list {
			if !hasSecretWord(word) {
				t.Errorf("%q has no hint", word)
			}
		}
	}
}

func TestCredential(t *testing.T) {
	for _, tc := range []struct {
		name  string
		len   int
		shape snapshot.Shape
		want  string
	}{
		{"A", 1700, snapshot.ShapeKey, "a private key"},
		{"A", 40, snapshot.ShapeToken, "the form of an issued token"},
		{"DATABASE_URL", 40, snapshot.ShapeURLCreds, "a URL or connection string with a password"},
		{"DB_PASS", 3, snapshot.ShapePlain, "a secret by its name"},
		{"DB_PASS", 30, snapshot.ShapeEntropy, "a secret by its name"},
		{"DB_PASS", 30, snapshot.ShapeBinary, "a secret by its name"},
		{"DB_PASS", 0, snapshot.ShapeEmpty, ""},
		{"DB_PASS", 20, snapshot.ShapePath, ""}, // a file that has it
		{"TOKEN", 20, snapshot.ShapeURL, ""},
		{"PYTHON_SHA256", 64, snapshot.ShapeEntropy, ""},
		{"ALLOW_EMPTY_PASSWORD", 3, snapshot.ShapePlain, ""},
		{"ALLOW_EMPTY_PASSWORD", 8, snapshot.ShapePlain, ""},
		{"REQUIRE_PASS", 9, snapshot.ShapePlain, "a secret by its name"}, // no word that switches is as long
		{"POSTGRES_PASSWORD_FILE", 12, snapshot.ShapePlain, ""},          // relative to the working directory
	} {
		if got := Credential(snapshot.Secretish{Name: tc.name, Len: tc.len, Shape: tc.shape}); got != tc.want {
			t.Errorf("%s, %s of %d: %q, want %q", tc.name, tc.shape, tc.len, got, tc.want)
		}
	}
}
