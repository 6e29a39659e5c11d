package edit

import "bytes"

// RemoveJSON returns the document without the value at a path of keys. Objects
// that it leaves empty go with it; nothing else changes. A value that is not
// there leaves the document as it is. Errors are those of [SetJSON].
func RemoveJSON(doc []byte, path []string) ([]byte, error) {
	if len(path) == 0 {
		return nil, &Error{Why: "the path to the value is empty"}
	}
	if len(bytes.TrimSpace(doc)) == 0 {
		return doc, nil
	}
	if err := validJSON(doc); err != nil {
		return nil, err
	}
	at := skipSpace(doc, 0)
	var cut *object // the object to remove a member from
	index := 0
	for i, key := range path {
		obj, err := readObject(doc, at)
		if err != nil {
			return nil, err
		}
		m, err := obj.find(doc, key)
		if err != nil || m == nil {
			return doc, err
		}
		if cut == nil || len(obj.members) > 1 || i == 0 {
			cut = obj
			for j := range obj.members {
				if obj.members[j].key == m.key {
					index = j
				}
			}
		}
		at = m.value
	}
	return cut.remove(doc, index), nil
}

// remove returns the document without a member, its comma and the space that
// stood between it and the one before.
func (o *object) remove(doc []byte, i int) []byte {
	switch {
	case len(o.members) == 1:
		return splice(doc, o.open+1, o.close, "")
	case i == 0:
		return splice(doc, o.members[0].key, o.members[1].key, "")
	}
	return splice(doc, o.members[i-1].end, o.members[i].end, "")
}
