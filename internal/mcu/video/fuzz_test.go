package video

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// script is packets as a fuzzer writes them: 8 bytes that say what it is and
// when it comes, then a payload of the length said.
type script []byte

func (s *script) add(step int8, ticks uint8, after uint8, c media.Codec, flags uint8, layer uint8, payload []byte) {
	*s = append(*s, byte(step), ticks, after, byte(c), flags, layer)
	*s = binary.LittleEndian.AppendUint16(*s, uint16(len(payload)))
	*s = append(*s, payload...)
}

func (s *script) next(p *media.Packet, now *media.Time) bool {
	b := *s
	if len(b) < 8 {
		return false
	}
	size := min(int(binary.LittleEndian.Uint16(b[6:])), len(b)-8)
	step, flags := media.Seq(int8(b[0])), b[4]
	if flags&0x80 != 0 {
		step <<= 6 // far
	}
	*now += media.Time(b[2]) * ms
	*p = media.Packet{
		Seq: p.Seq + step, Timestamp: p.Timestamp + media.Ticks(b[1]&15)*500, Codec: media.Codec(b[3] & 7),
		Captured: *now, Arrival: *now, Orientation: b[5] >> 6,
		Marker: flags&1 != 0, KeyFrame: flags&2 != 0, FrameStart: flags&4 != 0, LayerSync: flags&8 != 0,
		Layer: media.Layer{Spatial: b[5] >> 3 & 7, Temporal: b[5] & 7}, Payload: b[8 : 8+size],
	}
	*s = b[8+size:]
	return true
}

func FuzzReceiver(f *testing.F) {
	for _, c := range videoCodecs {
		var whole, broken script
		s := newSender(f, c, 7)
		for i, frame := range s.stream(4, 2000) {
			for j, p := range frame.packets {
				flags := uint8(0)
				if j == 0 {
					flags |= 4
				}
				if p.Marker {
					flags |= 1
				}
				if i == 0 {
					flags |= 2
				}
				whole.add(1, uint8(min(j, 0)+6), 10, c, flags, 0, p.Payload)
				if (i+j)%3 != 1 {
					broken.add(int8(1+i%2), 6, 60, c, flags, uint8(i), p.Payload)
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
