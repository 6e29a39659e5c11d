package shared

import (
	"strconv"
	"strings"
)

// UID resolves the user that a container is configured with. Nothing and root
// mean 0; "0", "00" and "0:0" are numbers. A name is returned as it is, for the
// caller to look up in the image's passwd file.
func UID(user string) (uid int64, name string) {
	u := UserName(user)
	if u == "" || u == "root" {
		return 0, ""
	}
	n, err := strconv.ParseInt(u, 10, 64)
	if err != nil || n < 0 {
		return 0, u
	}
	return n, ""
}

// UserName is the user's half of USER:GROUP.
func UserName(user string) string {
	name, _, _ := strings.Cut(user, ":")
	return name
}
