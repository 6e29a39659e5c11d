//go:build !unix

package harden

import "os"

func names(os.FileInfo) uint64 { return 1 }

func giveOwner(*os.File, os.FileInfo) error { return nil }
