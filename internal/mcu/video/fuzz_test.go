package video

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// script is packets as a fuzzer writes them: 9 bytes that say what it is and when
// it comes, then a dependency descriptor and a payload of the lengths said.
type script []byte

// add appends a packet that comes so many ms after the one before, and whose
// number is so many higher.
func (s *script) add(p *media.Packet, step, after byte) {
	flags := byte(0)
	for i, set := range []bool{p.Marker, p.KeyFrame, p.FrameStart, p.LayerSync} {
		if set {
			flags |= 1 << i
		}
	}
	ticks := byte(0)
	if p.FrameStart {
		ticks = 6
	}
	*s = append(*s, step, ticks, after, byte(p.Codec), flags, p.Layer.Spatial<<3|p.Layer.Temporal, byte(len(p.Dependency)))
	*s = binary.LittleEndian.AppendUint16(*s, uint16(len(p.Payload)))
	*s = append(append(*s, p.Dependency...), p.Payload...)
}

func (s *script) next(p *media.Packet, now *media.Time) bool {
	b := *s
	if len(b) < 9 {
		return false
	}
	rest := b[9:]
	dependency := min(int(b[6]), len(rest))
	size := min(int(binary.LittleEndian.Uint16(b[7:])), len(rest)-dependency)
	step, flags := media.Seq(int8(b[0])), b[4]
	if flags&0x80 != 0 {
		step <<= 6 // far
	}
	*now += media.Time(b[2]) * ms
	*p = media.Packet{
		Seq: p.Seq + step, Timestamp: p.Timestamp + media.Ticks(b[1]&15)*500, Codec: media.Codec(b[3] & 7),
		Captured: *now, Arrival: *now, Orientation: b[5] >> 6,
		Marker: flags&1 != 0, KeyFrame: flags&2 != 0, FrameStart: flags&4 != 0, LayerSync: flags&8 != 0,
		Layer: media.Layer{Spatial: b[5] >> 3 & 7, Temporal: b[5] & 7}, Dependency: rest[:dependency],
		Payload: rest[dependency : dependency+size],
	}
	*s = rest[dependency+size:]
	return true
}

func FuzzReceiver(f *testing.F) {
	seeds := layeredStreams(f, 7)
	for _, c := range videoCodecs {
		seeds[c.String()+" plain"] = &layered{sender: newSender(f, c, 7)}
	}
	for _, l := range seeds {
		var whole, broken script
		var d wire.Depacketizer
		l.most = 2000
		for i := range 6 {
			for j, p := range l.next(i%4 == 0).packets {
				if err := d.Describe(p); err != nil {
					f.Fatal(err)
				}
				whole.add(p, 1, 10)
				if (i+j)%3 != 1 {
					broken.add(p, byte(1+i%2), 60)
				}
			}
		}
		f.Add([]byte(whole), true)
		f.Add([]byte(broken), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, describe bool) {
		r, d := NewReceiver(Options{}), wire.Depacketizer{}
		s, p, now := script(in), media.Packet{Seq: 1000}, epoch
		last := now
		for s.next(&p, &now) {
			if describe && d.Describe(&p) != nil && len(p.Payload) > 0 {
				continue
			}
			r.WritePacket(now, &p)
			check(t, r, now)
			if deadline := r.Deadline(); deadline != 0 && deadline <= now {
				t.Fatalf("due at %v, which is past", deadline-epoch)
			}
			if deadline := r.Deadline(); deadline.After(now.Add(time.Second)) {
				t.Fatalf("due at %v only", deadline-epoch)
			}
			if p.Seq&7 == 0 {
				r.Restart()
			}
			last = now
		}
		check(t, r, last.Add(time.Minute))
		if r.started && r.next <= r.highest {
			t.Fatal("packets are waited for after a minute")
		}
	})
}

// check takes what r has, and checks its bounds.
func check(t *testing.T, r *Receiver, now media.Time) {
	for {
		f, ok := r.Next(now)
		if !ok {
			break
		}
		if len(f.Data) > maxFrame {
			t.Fatalf("a frame of %d bytes", len(f.Data))
		}
	}
	r.KeyFrameWanted(now)
	held := 0
	for i := range r.window.slots {
		if s := &r.window.slots[i]; s.present {
			held += cap(s.buffer)
		}
	}
	if held > 2<<20 || len(r.window.free) > maxFree {
		t.Fatalf("%d bytes and %d buffers are kept", held, len(r.window.free))
	}
}
