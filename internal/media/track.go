package media

// Kind is what a track carries.
type Kind uint8

// The kinds of track.
const (
	Audio Kind = iota + 1
	Video
)

// String returns the SDP media type: "audio" or "video".
func (k Kind) String() string {
	switch k {
	case Audio:
		return "audio"
	case Video:
		return "video"
	}
	return "unknown"
}

// Codec is the format of a track's payload.
type Codec uint8

// The codecs that the server forwards.
const (
	Opus Codec = iota + 1
	RED        // RFC 2198 with Opus inside
	VP8
	VP9
	H264
	AV1
)

// String returns the codec's encoding name as SDP writes it.
func (c Codec) String() string {
	switch c {
	case Opus:
		return "opus"
	case RED:
		return "red"
	case VP8:
		return "VP8"
	case VP9:
		return "VP9"
	case H264:
		return "H264"
	case AV1:
		return "AV1"
	}
	return "unknown"
}

// Kind returns whether the codec is one for audio or video.
func (c Codec) Kind() Kind {
	if c == Opus || c == RED {
		return Audio
	}
	return Video
}

// ClockRate returns the RTP clock rate in Hz.
func (c Codec) ClockRate() int {
	if c.Kind() == Audio {
		return 48000
	}
	return 90000
}

// Origin is where a track's signal comes from.
type Origin uint8

// The origins of a track.
const (
	Microphone Origin = iota + 1
	Camera
	ScreenVideo
	ScreenAudio
	OtherOrigin // files, encoders, bots
)

// TrackID names a track within its room; it is never used again in that room.
type TrackID string

// TrackInfo describes a published track. It is constant but for what the
// publisher announces anew (Muted, Layers).
type TrackInfo struct {
	ID     TrackID
	Member string // the publisher's member id
	Kind   Kind
	Origin Origin
	Codec  Codec
	// Fmtp is the publisher's format parameters (RFC 8866 §6.15), such as
	// "profile-level-id=42e01f;packetization-mode=1"; empty for most codecs.
	Fmtp string
	// Layers lists the simulcast streams from the smallest to the largest
	// picture; one entry for a track without simulcast.
	Layers []LayerInfo
}

// Layer names one quality of a track: a simulcast stream and, within it, the
// highest spatial and temporal layer.
type Layer struct {
	Stream   uint8 // index into TrackInfo.Layers: 0 is the smallest picture
	Spatial  uint8 // SVC spatial layer within the stream
	Temporal uint8 // temporal layer within the stream
}

// LayerInfo describes one simulcast stream.
type LayerInfo struct {
	RID     string     // RFC 8851 identifier; empty without simulcast
	Size    Dimensions // largest picture; zero if unknown
	Bitrate Bitrate    // measured or announced; zero if unknown
}

// Source is a published track: packets flow down from it into Sinks, feedback
// flows up into it. All methods may be called from any goroutine.
type Source interface {
	// Info describes the track as last announced.
	Info() TrackInfo
	// RequestKeyFrame asks the publisher for a key frame of the layer's
	// stream. Requests are coalesced (at most one a second per stream goes
	// out).
	RequestKeyFrame(now Time, l Layer)
	// Resend returns the packet that had this sequence number in the
	// layer's stream if it is still kept. The caller owns one reference
	// and must Release it.
	Resend(now Time, stream uint8, s Seq) (*Packet, bool)
}

// Sink takes the packets of one track.
type Sink interface {
	// WritePacket borrows p for the call: it must not block, must not
	// change p, and must Retain p to keep it.
	WritePacket(now Time, p *Packet)
}
