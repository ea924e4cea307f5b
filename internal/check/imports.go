package check

import (
	"path"
	"slices"
	"strings"
)

// layer says what one part of the module may import of the others. A folder
// named here stands for all below it that have no row of their own.
type layer struct {
	dir  string
	uses []string
	why  string
}

// anything lets a layer import every other.
const anything = "*"

// layers is the design's picture of the house, bottom first.
var layers = []layer{
	{"api", nil, "the protocol's words stand alone, so that any program can import them"},
	{"internal/media", nil, "media is what everybody else speaks of, so it knows nobody"},
	{"web", nil, "web only carries the built client"},
	{"internal/wire", []string{"internal/media"}, "payload formats are parsed without knowing who sends them"},
	{"internal/algo", []string{"internal/media", "internal/wire"}, "state machines know packets and time, nothing else"},
	{"internal/udp", []string{"internal/media", "internal/algo"}, "sockets move bytes and do not look into them"},
	{"internal/peer/ice", []string{"internal/media", "internal/algo"}, "the ICE agent is a protocol core"},
	{"internal/peer/answer", []string{"internal/media", "internal/wire", "internal/algo"}, "the SDP answerer is a protocol core"},
	{"internal/peer", []string{"internal/media", "internal/wire", "internal/algo", "internal/udp", "internal/peer"}, "a peer is one transport session: it knows no room"},
	{"internal/peer/peertest", []string{"internal/media", "internal/udp", "internal/peer", "internal/netsim"}, "a media server and its clients on a simulated network"},
	{"internal/turn", []string{"internal/media", "internal/wire", "internal/algo", "internal/udp"}, "TURN relays bytes: it knows neither peers nor rooms"},
	{"internal/sfu", []string{"api", "internal/media", "internal/wire", "internal/algo", "internal/peer"}, "the fan-out meets mixer and recorder at media.Source and media.Sink only"},
	{"internal/mcu/layout", []string{"api", "internal/media"}, "a layout is pure geometry"},
	{"internal/mcu/mixer", []string{"internal/media", "internal/algo"}, "the audio bus is a pure function of packets and time"},
	{"internal/mcu", []string{"api", "internal/media", "internal/wire", "internal/algo", "internal/mcu"}, "the mixer meets fan-out and recorder at media.Source and media.Sink only"},
	{"internal/record", []string{"internal/media", "internal/wire", "internal/algo"}, "the recorder meets fan-out and mixer at media.Source and media.Sink only"},
	{"internal/auth", []string{"api"}, "a token says who may do what, not what is done"},
	{"internal/room", []string{"api", "internal/media", "internal/algo", "internal/auth"}, "a room decides; it knows no transport, codec or HTTP"},
	{"internal/cluster", []string{"api", "internal/media", "internal/wire", "internal/algo", "internal/auth", "internal/room"}, "a relay to another node is an ordinary publisher and subscriber"},
	{"internal/signal", []string{"api", "internal/media", "internal/auth", "internal/room", "internal/cluster", "internal/peer", "internal/sfu", "internal/turn"}, "signalling joins rooms and peers; it is configured by its Options"},
	{"internal/doctor", []string{"api", "internal/media", "internal/peer"}, "the doctor's probes are peers without a room"},
	{"internal/httpd", []string{"api", "internal/auth"}, "httpd serves what app hands it"},
	{"internal/config", nil, "configuration is plain values: app carries them to their users"},
	{"internal/app", []string{anything}, "the composition root"},
	{"client", []string{"api", "internal/media", "internal/wire", "internal/algo"}, "the client shares words with the server, not its machinery"},
	{"cmd/tutti", []string{anything}, "flags, signals and exit codes of everything"},
	{"internal/netsim", []string{"internal/media", "internal/algo"}, "a simulated network carries bytes of anybody"},
	{"internal/check", nil, "rules read source, they do not run it"},
	{"bench", []string{anything}, "measures everything"},
	{"e2e", []string{anything}, "tries everything"},
}

// testOnly parts may be imported by tests and by those who only test.
var testOnly = []string{"internal/netsim", "internal/peer/peertest", "internal/mcu/codec/codectest", "internal/check", "e2e"}

// confined says who alone may import what from outside, and why. A path stands
// for all below it.
type confined struct {
	path string
	to   []string
	why  string
}

var confinements = []confined{
	{"github.com/pion", []string{"internal/peer", "internal/turn", "internal/wire", "client", "internal/netsim", "bench", "e2e"}, "Pion's types end at the transport: the packet path above it is ours"},
	{"github.com/pion/webrtc/v4", []string{"client", "internal/peer/peertest", "bench", "e2e"}, "PeerConnection is the client's side; it costs five times what our packet path may"},
	{"github.com/coder/websocket", []string{"internal/signal", "client", "bench", "e2e"}, "who speaks WebSocket speaks signalling"},
	{"github.com/prometheus", []string{"internal/httpd", "internal/app", "bench"}, "packages expose plain Stats; metrics read them, never the reverse"},
	{"github.com/pires/go-proxyproto", []string{"internal/httpd"}, "who a client is, is settled at the port"},
	{"github.com/golang-jwt/jwt/v5", []string{"internal/auth"}, "one place decides what a token is"},
	{"github.com/alecthomas/kong", []string{"internal/config", "cmd/tutti"}, "flags end at the command line"},
	{"github.com/goccy/go-yaml", []string{"internal/config"}, "files end at the configuration"},
	{"net/http", []string{"internal/httpd", "internal/signal", "internal/doctor", "internal/app", "client", "cmd/tutti", "bench", "e2e"}, "HTTP ends at the doors"},
	{"C", []string{"internal/mcu/codec"}, "the server never calls C: codecs live in another process"},
}

func importRules() []Rule {
	return []Rule{
		{"layers", "a layer imports lower ones only, so that each can be read, tested and replaced alone", findLayers},
		{"config-users", "each package owns its Options; configuration is carried by app alone", findConfigUsers},
		{"test-only", "what exists for tests must not reach the binary", findTestOnly},
		{"confined", "a dependency used in one place can be replaced in one place", findConfined},
		{"api-standard-library", "programs of others import api: it must bring nothing along", findAPIDependencies},
	}
}

// layerOf returns the row with the longest dir that holds dir.
func layerOf(dir string) (layer, bool) {
	var best layer
	for _, l := range layers {
		if within(dir, l.dir) && len(l.dir) > len(best.dir) {
			best = l
		}
	}
	return best, best.dir != ""
}

func findLayers(m *Module) []Finding {
	var found []Finding
	m.code(func(p *Package, f *File) {
		row, ok := layerOf(p.Dir)
		if !ok {
			found = append(found, m.finding(f.Syntax.Name, p.Dir, "%s has no layer: give it a row in internal/check/imports.go", p.Dir))
			return
		}
		for _, imp := range f.imports() {
			dir, ours := strings.CutPrefix(imp.path, m.Path+"/")
			if !ours || slices.Contains(row.uses, anything) {
				continue
			}
			target, _ := layerOf(dir)
			if target.dir == row.dir || slices.Contains(row.uses, target.dir) || within(target.dir, row.uses...) {
				continue
			}
			found = append(found, m.finding(imp.spec, p.Dir, "%s must not import %s: %s", p.Dir, dir, row.why))
		}
	})
	return found
}

func findConfigUsers(m *Module) []Finding {
	var found []Finding
	m.files(func(p *Package, f *File) {
		if within(p.Dir, "internal/config", "internal/app", "cmd") {
			return
		}
		for _, imp := range f.imports() {
			if imp.path == m.Path+"/internal/config" {
				found = append(found, m.finding(imp.spec, p.Dir, "%s must not import internal/config: give it Options and let app fill them", p.Dir))
			}
		}
	})
	return found
}

func findTestOnly(m *Module) []Finding {
	var found []Finding
	m.code(func(p *Package, f *File) {
		if within(p.Dir, testOnly...) || within(p.Dir, "bench") {
			return
		}
		for _, imp := range f.imports() {
			if dir, ours := strings.CutPrefix(imp.path, m.Path+"/"); ours && within(dir, testOnly...) {
				found = append(found, m.finding(imp.spec, p.Dir, "%s must not import %s, which exists for tests", p.Dir, dir))
			}
		}
	})
	return found
}

func findConfined(m *Module) []Finding {
	var found []Finding
	m.code(func(p *Package, f *File) {
		for _, imp := range f.imports() {
			for _, c := range confinements {
				if within(imp.path, c.path) && !within(p.Dir, c.to...) {
					found = append(found, m.finding(imp.spec, p.Dir, "%s must not import %s: %s", p.Dir, imp.path, c.why))
					break
				}
			}
		}
	})
	return found
}

func findAPIDependencies(m *Module) []Finding {
	var found []Finding
	m.code(func(p *Package, f *File) {
		if !within(p.Dir, "api") {
			return
		}
		for _, imp := range f.imports() {
			if strings.Contains(strings.Split(path.Clean(imp.path), "/")[0], ".") {
				found = append(found, m.finding(imp.spec, p.Dir, "api must not import %s", imp.path))
			}
		}
	})
	return found
}
