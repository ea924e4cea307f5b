package video

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

// layered makes a stream of three temporal layers, 0 2 1 2.
type layered struct {
	*sender
	encode func(l *layered, f *sent, key bool)
	// needs lists for each picture of the pattern those it refers to, counted
	// back from it.
	needs [4][]int
	// exact tells that the stream says all of this.
	exact bool
	most  int // bytes of a picture, or spatial layer; 0 stands for 4000

	frames []*sent
	number uint16
}

func (l *layered) next(key bool) *sent {
	var f *sent
	if l.codec == media.VP9 && l.encode != nil {
		if key {
			l.since = 0
		}
		f = &sent{
			key: key, temporal: [4]uint8{0, 2, 1, 2}[l.since%4], timestamp: media.Ticks(3000 * len(l.frames)),
			captured: epoch + interval*media.Time(len(l.frames)),
		}
		l.since++
	} else {
		f = l.frame(key, l.size())
	}
	if l.encode != nil {
		l.encode(l, f, key)
	}
	l.frames = append(l.frames, f)
	return f
}

func (l *layered) size() int { return 1 + l.random.IntN(cmp.Or(l.most, 4000)) }

// references returns which frames frame i refers to.
func (l *layered) references(i int) (refs []int) {
	if l.frames[i].key {
		return nil
	}
	for at := i; ; at-- {
		if l.frames[at].key {
			for _, back := range l.needs[(i-at)%4] {
				refs = append(refs, i-back)
			}
			return refs
		}
	}
}

// splitVP9 appends a spatial layer to f, in packets of which each has flags and
// what follows them.
func (l *layered) splitVP9(f *sent, flags byte, descriptor []byte, last bool) {
	data := l.bytes(l.size())
	f.data = append(f.data, data...)
	if !last {
		f.base = data
	}
	for start := byte(0x08); len(data) > 0; start = 0 {
		n, end := min(1000, len(data)), byte(0)
		if n == len(data) {
			end = 0x04
		}
		f.packets = append(f.packets, &media.Packet{
			Codec: media.VP9, Seq: l.seq, Timestamp: f.timestamp, Captured: f.captured, Marker: last && end != 0,
			Orientation: media.NoOrientation, Payload: slices.Concat([]byte{flags | start | end}, descriptor, data[:n]),
		})
		data = data[n:]
		l.seq++
	}
}

// encodeVP9Index is VP9 in non-flexible mode: I, L, and P but in key frames.
func encodeVP9Index(l *layered, f *sent, key bool) {
	flags, layer := byte(0xA0), f.temporal<<5
	if !key {
		flags |= 0x40
	}
	if f.temporal == 0 {
		l.tl0++
	}
	if f.temporal < 2 {
		layer |= 0x10
	}
	id := binary.BigEndian.AppendUint16(nil, l.number|0x8000)
	l.splitVP9(f, flags, append(id, layer, l.tl0), true)
	l.number = (l.number + 1) & 0x7FFF
}

// encodeVP9References is VP9 in flexible mode with two spatial layers and ids of
// 7 bits. All layers of a picture refer to the same ones.
func encodeVP9References(l *layered, f *sent, key bool) {
	flags, id, refs := byte(0xB0), byte(l.number&0x7F), []byte(nil)
	if !key {
		flags |= 0x40
		back := l.needs[(l.since-1)%4]
		for i, n := range back {
			more := byte(1)
			if i == len(back)-1 {
				more = 0
			}
			refs = append(refs, byte(n)<<1|more)
		}
	}
	l.splitVP9(f, flags, append([]byte{id, f.temporal << 5}, refs...), false)
	l.splitVP9(f, flags, append([]byte{id, f.temporal<<5 | 1<<1 | 1}, refs...), true)
	l.number++
}

// l1t3 is the structure of the AV1 RTP specification §A.6.1, without a
// resolution and with template ids from 0.
const l1t3 = "000000 00010 00 01 01 00 11 101010 101010 100100 010000 010000 0 100110 100010 100000 100000 01" +
	"0000 0100 0010 0001 0011 0"

func pack(digits string) (b []byte) {
	for i, c := range strings.ReplaceAll(digits, " ", "") {
		if i%8 == 0 {
			b = append(b, 0)
		}
		b[len(b)-1] |= byte(c-'0') << (7 - i%8)
	}
	return b
}

// describe adds dependency descriptors.
func describe(l *layered, f *sent, key bool) {
	f.temporal = [4]uint8{0, 2, 1, 2}[(l.since-1)%4]
	template := [4]byte{1, 3, 2, 4}[(l.since-1)%4]
	if key {
		template = 0
	}
	for i, p := range f.packets {
		d := template
		if i == 0 {
			d |= 0x80
		}
		if i == len(f.packets)-1 {
			d |= 0x40
		}
		p.Dependency = binary.BigEndian.AppendUint16([]byte{d}, l.number)
		if key && i == 0 {
			p.Dependency = append(p.Dependency, pack("10000"+l1t3)...)
		}
	}
	l.number++
}

// byTwo is a pattern in which the second picture of the top layer needs the
// first; in the other it needs only the one before.
var (
	byTwo = [4][]int{{4}, {1}, {2}, {1, 2}}
	byOne = [4][]int{{4}, {1}, {2}, {1}}
)

func layeredStreams(t testing.TB, seed uint64) map[string]*layered {
	vp8 := newSender(t, media.VP8, seed)
	vp8.layers = 3
	return map[string]*layered{
		"VP8":               {sender: vp8, needs: byTwo, exact: true},
		"VP9 by index":      {sender: newSender(t, media.VP9, seed), encode: encodeVP9Index, needs: byOne, number: 0x7FF0},
		"VP9 by references": {sender: newSender(t, media.VP9, seed), encode: encodeVP9References, needs: byOne, exact: true},
		"AV1":               {sender: newSender(t, media.AV1, seed), encode: describe, needs: byOne, exact: true, number: 0xFFF0},
		"H264":              {sender: newSender(t, media.H264, seed), encode: describe, needs: byOne, exact: true},
	}
}

// check compares what came out with the frames of which all packets came. A
// frame may come out only if all that it refers to did.
func (l *layered) check(r *receiving, came map[*sent]bool) (out map[int]bool) {
	out = map[int]bool{}
	at := 0
	for i, f := range l.frames {
		decodable := came[f]
		for _, ref := range l.references(i) {
			decodable = decodable && out[ref]
		}
		if at < len(r.got) && r.got[at].Timestamp == f.timestamp {
			if !decodable {
				r.t.Fatalf("frame %d came out, but can't be decoded", i)
			}
			r.same(&r.got[at].Frame, f)
			out[i] = true
			at++
		}
	}
	if at != len(r.got) {
		r.t.Fatalf("%d frames came out that were not sent, or out of order", len(r.got)-at)
	}
	return out
}

func TestALossInAnUpperLayerCostsNoKeyFrame(t *testing.T) {
	for seed := range uint64(4) {
		for name, l := range layeredStreams(t, seed) {
			r, random, came := newReceiving(t), rand.New(rand.NewPCG(seed, 9)), map[*sent]bool{}
			for i := range 600 {
				f := l.next(i == 0)
				came[f] = true
				hit := f.temporal > 0 && random.IntN(3) == 0
				all := random.IntN(2) == 0
				for _, p := range f.packets {
					if hit && (all || random.IntN(3) == 0) {
						came[f] = false
						continue
					}
					r.packet(f.captured, p)
				}
			}
			r.until(r.now + 1000*ms)
			out := l.check(r, came)
			if r.wanted != 1 {
				t.Errorf("%s: %d key frames were asked for", name, r.wanted)
			}
			for i, f := range l.frames {
				decodable := came[f]
				for _, ref := range l.references(i) {
					decodable = decodable && out[ref]
				}
				if decodable && !out[i] && (l.exact || f.temporal == 0) {
					t.Fatalf("%s, seed %d: frame %d of layer %d was left out: %+v", name, seed, i, f.temporal, r.receiver.Stats())
				}
			}
		}
	}
}

func TestNothingUndecodableComesOut(t *testing.T) {
	for seed := range uint64(4) {
		for name, l := range layeredStreams(t, seed) {
			r, random, came := newReceiving(t), rand.New(rand.NewPCG(seed, 10)), map[*sent]bool{}
			keys := 0
			for i := range 1000 {
				// A publisher takes a while to hear of a request.
				key := i == 0 || r.wanted > keys && i%5 == 0
				if key {
					keys = r.wanted
				}
				f := l.next(key)
				came[f] = true
				for _, p := range f.packets {
					if i < 900 && random.IntN(40) == 0 {
						came[f] = false
						continue
					}
					r.packet(f.captured+media.Time(random.Int64N(int64(3*ms))), p)
				}
			}
			r.until(r.now + 1000*ms)
			out := l.check(r, came)
			for i := 950; i < 1000; i++ {
				if !out[i] {
					t.Fatalf("%s, seed %d: frame %d did not come, long after the last loss", name, seed, i)
				}
			}
			if len(out) < 300 {
				t.Errorf("%s, seed %d: only %d frames of 1000 came", name, seed, len(out))
			}
		}
	}
}

func TestUpperTemporalLayersMayBeLeftOut(t *testing.T) {
	for name, l := range layeredStreams(t, 1) {
		r := newReceiving(t)
		var want []*sent
		for i := range 200 {
			switch i {
			case 50:
				r.receiver.Limit(media.Layer{Spatial: 7, Temporal: 1})
			case 101:
				r.receiver.Limit(media.Layer{Spatial: 7})
			case 151: // in between of a picture and one that needs it
				r.receiver.Limit(media.Layer{Spatial: 7, Temporal: 7})
			}
			f := l.next(i == 0)
			// By index alone it is not clear that frame 153 needs none of layer 1.
			if i < 50 || i < 101 && f.temporal < 2 || f.temporal == 0 || i > 151 && (l.exact || i != 153) {
				want = append(want, f)
			}
			for _, p := range f.packets {
				r.packet(f.captured, p)
			}
		}
		if len(r.got) != len(want) {
			t.Errorf("%s: %d frames, want %d: %+v", name, len(r.got), len(want), r.receiver.Stats())
			continue
		}
		r.want(want)
		if r.wanted != 1 {
			t.Errorf("%s: %d key frames were asked for", name, r.wanted)
		}
	}
}
