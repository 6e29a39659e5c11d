package image

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
)

// folder is an OCI layout in a folder. Links out of it are not followed.
type folder struct{ root *os.Root }

func (f folder) Manifest(ctx context.Context, d string) (io.ReadCloser, error) { return f.Blob(ctx, d) }

func (f folder) Blob(_ context.Context, d string) (io.ReadCloser, error) {
	h, err := hexOf(d)
	if err != nil {
		return nil, err
	}
	return f.open("blobs/sha256/" + h)
}

// open opens a plain file: a pipe or device would keep the reader waiting.
func (f folder) open(name string) (*os.File, error) {
	fi, err := f.root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, bad("it does not hold %.40s…", name)
	case err != nil:
		return nil, bad("%.40s… cannot be opened: %w", name, err)
	case !fi.Mode().IsRegular():
		return nil, bad("%.40s… is no plain file", name)
	}
	return f.root.Open(name)
}

// index reads the layout's index.
func (f folder) index(limits Limits) ([]descriptor, error) {
	file, err := f.open(layoutFile)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, limits.JSON+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limits.JSON {
		return nil, bad("its index is larger than %d bytes", limits.JSON)
	}
	m, err := parse[manifest]("index", raw)
	return m.Manifests, err
}
