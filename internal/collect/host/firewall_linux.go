package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

const (
	getChain = 10<<8 | 4 // NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN
	newChain = 10<<8 | 3 // as the answers are marked

	maxChains = 1 << 12
)

// readChains asks the kernel for the chains of nftables in our network namespace.
// It reads only and needs CAP_NET_ADMIN.
func readChains() ([]chain, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EAFNOSUPPORT) {
		return nil, fmt.Errorf("the kernel has no nftables: %w", fs.ErrNotExist)
	}
	if err != nil {
		return nil, auditError(err)
	}
	defer unix.Close(fd) //nolint:errcheck // nothing is written
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: int64(dialTimeout / time.Second)}); err != nil {
		return nil, auditError(err)
	}
	const header, family = unix.SizeofNlMsghdr, 4
	req := make([]byte, header+family)
	binary.NativeEndian.PutUint32(req, header+family)
	binary.NativeEndian.PutUint16(req[4:], getChain)
	binary.NativeEndian.PutUint16(req[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	if err := unix.Sendto(fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, auditError(err)
	}
	return receiveChains(fd)
}

func receiveChains(fd int) ([]chain, error) {
	const header = unix.SizeofNlMsghdr
	var out []chain
	buf := make([]byte, 64<<10)
	for len(out) < maxChains {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, auditError(err)
		}
		for b := buf[:n]; len(b) >= header; {
			size := int(binary.NativeEndian.Uint32(b))
			if size < header || size > len(b) {
				break
			}
			kind, content := binary.NativeEndian.Uint16(b[4:]), b[header:size]
			b = b[min(len(b), (size+3)&^3):]
			switch {
			case kind == unix.NLMSG_DONE:
				return out, nil
			case kind == unix.NLMSG_ERROR && len(content) >= 4:
				if code := binary.NativeEndian.Uint32(content); code != 0 {
					return nil, auditError(unix.Errno(-code))
				}
			case kind == newChain:
				if c, ok := parseChain(content); ok {
					out = append(out, c)
				}
			}
		}
	}
	return nil, errTooLarge
}
