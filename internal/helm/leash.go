package helm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// leash holds a rendering back that takes too much. Templates may loop and nest
// without end, and the library has no bound: so each turn of a loop, each template
// and each function looks whether it is still let.
type leash struct {
	ctx   context.Context
	over  atomic.Pointer[string] // why it is not let any longer
	turns atomic.Int64
	done  chan struct{}
}

// Bounds of a rendering.
const (
	maxTurns  = 2_000_000
	maxGrowth = 512 << 20 // of the heap, while rendering
	maxValue  = 8 << 20   // of a text that a function takes or gives
	maxCount  = 100_000   // of items that a function makes
)

func newLeash(ctx context.Context) *leash {
	l := &leash{ctx: ctx, done: make(chan struct{})}
	before := heap()
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-l.done:
				return
			case <-ctx.Done():
				l.end("takes longer than it may")
				return
			case <-tick.C:
				if now := heap(); now > before && now-before > maxGrowth {
					l.end("takes more memory than it may")
					return
				}
			}
		}
	}()
	return l
}

func (l *leash) stop() { close(l.done) }

func (l *leash) end(why string) { l.over.CompareAndSwap(nil, &why) }

// broken says why the rendering was held back, or nil.
func (l *leash) broken() error {
	if why := l.over.Load(); why != nil {
		return errors.New(*why)
	}
	return nil
}

func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// turn is called by templates.
func (l *leash) turn() (string, error) {
	if l.turns.Add(1) > maxTurns {
		l.end("loops longer than it may")
	}
	return "", l.broken()
}

// turnName is the function that each turn of a loop calls.
const turnName = "plimsollTurn"

// tie puts a call at the begin of each loop and each template. sources get the
// templates as they were, by the names that they have when rendered.
func (l *leash) tie(c *chart.Chart, at string, sources map[string]string) {
	tied := make([]*common.File, len(c.Templates))
	for i, f := range c.Templates {
		sources[at+"/"+f.Name] = string(f.Data)
		tied[i] = &common.File{Name: f.Name, Data: []byte(tieText(string(f.Data)))}
	}
	c.Templates = tied
	for _, d := range c.Dependencies() {
		l.tie(d, at+"/charts/"+d.Name(), sources)
	}
}

// tieText adds calls to the text of a template. No line begins or ends for it, and
// what is trimmed stays trimmed.
func tieText(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "{{")
		if i < 0 {
			break
		}
		end := actionEnd(text[i:])
		if end < 0 {
			break
		}
		end += i
		b.WriteString(text[:end])
		inner := strings.TrimLeft(strings.TrimPrefix(text[i+2:], "-"), " \t\r\n")
		word := inner[:max(strings.IndexAny(inner, " \t\r\n(}"), 0)]
		if word == "range" || word == "define" || word == "block" {
			if strings.HasSuffix(text[:end], "-}}") {
				b.WriteString("{{" + turnName + " -}}")
			} else {
				b.WriteString("{{" + turnName + "}}")
			}
		}
		text = text[end:]
	}
	b.WriteString(text)
	return b.String()
}

// actionEnd returns where the action ends that a text begins with, or -1.
func actionEnd(text string) int {
	body := strings.TrimLeft(strings.TrimPrefix(text[2:], "-"), " \t\r\n")
	if strings.HasPrefix(body, "/*") {
		i := strings.Index(text, "*/")
		if i < 0 {
			return -1
		}
		j := strings.Index(text[i:], "}}")
		if j < 0 {
			return -1
		}
		return i + j + 2
	}
	for i := 2; i < len(text); i++ {
		switch text[i] {
		case '}':
			if strings.HasPrefix(text[i:], "}}") {
				return i + 2
			}
		case '`':
			j := strings.IndexByte(text[i+1:], '`')
			if j < 0 {
				return -1
			}
			i += j + 1
		case '"', '\'':
			quote := text[i]
			for i++; i < len(text) && text[i] != quote && text[i] != '\n'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return -1
}

// functions returns those of templates that are held back, and those that would
// give something else each time or cost too much, with what stands for it.
func (l *leash) functions() template.FuncMap {
	out := template.FuncMap{turnName: l.turn}
	for name, f := range sprig.TxtFuncMap() {
		out[name] = l.held(f)
	}
	for name, f := range map[string]any{"printf": fmt.Sprintf, "print": fmt.Sprint, "println": fmt.Sprintln} {
		out[name] = l.held(f)
	}
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(out, name)
	}
	maps.Copy(out, fixed)
	out["repeat"] = l.held(func(n int, s string) (string, error) {
		if n < 0 || n > maxValue || n*max(len(s), 1) > maxValue {
			return "", errors.New("repeats too often")
		}
		return strings.Repeat(s, n), nil
	})
	for _, name := range []string{"until", "untilStep", "seq"} {
		f := reflect.ValueOf(sprig.TxtFuncMap()[name])
		out[name] = l.counted(f)
	}
	return out
}

// fixed are functions whose outcome is chance, time or dear.
var fixed = template.FuncMap{
	"randAlphaNum": letters, "randAlpha": letters, "randNumeric": letters, "randAscii": letters, "randBytes": letters,
	"randInt": func(low, _ int) int { return low },
	"uuidv4":  func() string { return "00000000-0000-4000-8000-000000000000" },
	"now":     func() time.Time { return time.Unix(0, 0).UTC() },
	"ago":     func(any) string { return "0s" },
	"shuffle": func(s string) string { return s },
	"bcrypt":  func(string) string { return "bcrypt" }, "htpasswd": func(u, _ string) string { return u + ":htpasswd" },
	"derivePassword":           func(_ any, _, _, _, _ string) string { return "derived" },
	"genPrivateKey":            func(string) string { return "generated" },
	"genCA":                    func(string, int) pair { return pair{"generated", "generated"} },
	"genCAWithKey":             func(string, int, string) pair { return pair{"generated", "generated"} },
	"genSelfSignedCert":        func(string, []any, []any, int) pair { return pair{"generated", "generated"} },
	"genSelfSignedCertWithKey": func(string, []any, []any, int, string) pair { return pair{"generated", "generated"} },
	"genSignedCert":            func(string, []any, []any, int, any) pair { return pair{"generated", "generated"} },
	"genSignedCertWithKey":     func(string, []any, []any, int, any, string) pair { return pair{"generated", "generated"} },
	"buildCustomCert":          func(string, string) pair { return pair{"generated", "generated"} },
	"encryptAES":               func(_, s string) string { return s },
	"decryptAES":               func(_, s string) string { return s },
	"getHostByName":            func(string) string { return "" },
}

// pair has the fields of a certificate.
type pair struct{ Cert, Key string }

func letters(n int) (string, error) {
	if n < 0 || n > maxCount {
		return "", errors.New("asks for too many letters")
	}
	return strings.Repeat("x", n), nil
}

// held wraps a function: it is not called when the rendering is over, or with texts
// that are too long.
func (l *leash) held(f any) any {
	v := reflect.ValueOf(f)
	t := v.Type()
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		size := 0
		for _, a := range args {
			size += sizeOf(a, 2)
		}
		if size > maxValue {
			l.end("handles a text that is longer than it may be")
		}
		if err := l.broken(); err != nil {
			panic(err) // which the template takes for the function's error
		}
		if t.IsVariadic() {
			return v.CallSlice(args)
		}
		return v.Call(args)
	}).Interface()
}

// counted wraps a function that makes a list of numbers: its arguments say how long
// it is.
func (l *leash) counted(f reflect.Value) any {
	t := f.Type()
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		list := args
		if t.IsVariadic() {
			list = nil
			for i := range args[0].Len() {
				list = append(list, args[0].Index(i))
			}
		}
		if slices.ContainsFunc(list, func(a reflect.Value) bool {
			return a.Kind() == reflect.Int && (a.Int() > maxCount || a.Int() < -maxCount)
		}) {
			l.end("counts further than it may")
		}
		if err := l.broken(); err != nil {
			panic(err)
		}
		if t.IsVariadic() {
			return f.CallSlice(args)
		}
		return f.Call(args)
	}).Interface()
}

// sizeOf is the length of a text, or of the texts in a list.
func sizeOf(v reflect.Value, depth int) int {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Slice:
		n := 0
		for i := 0; depth > 0 && i < v.Len() && n <= maxValue; i++ {
			n += sizeOf(v.Index(i), depth-1)
		}
		return n
	default:
		return 0
	}
}
