//go:build !linux

package host

import (
	"context"

	"plimsoll/internal/snapshot"
)

func readAudit(context.Context) (snapshot.AuditState, error) {
	return snapshot.AuditState{}, errNotLinux
}
