package mcu

import (
	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Wish is what the room wants of its program.
type Wish struct {
	// Settings have all defaults filled in.
	Settings api.ProgramSettings
	// Members are those who have tracks, in order of joining.
	Members []Member
	// Viewers are ids of the members who receive the program or wait for it.
	Viewers []string
}

// Member is one whose tracks go into the program.
type Member struct {
	ID, Name string
	Hand     bool
	Tracks   []MemberTrack
}

// MemberTrack is a track of a member.
type MemberTrack struct {
	media.TrackInfo
	Muted bool
}

// sole returns the tracks to pass on if there is one publisher and nothing to
// compose: one member with one picture that is not muted and at most one sound.
// Where the picture is muted, or where there is none, a tile has to be drawn.
func (w *Wish) sole() (video, audio media.TrackID, ok bool) {
	if len(w.Members) != 1 || w.Settings.Layout == api.LayoutScene {
		return "", "", false
	}
	for _, t := range w.Members[0].Tracks {
		into := &audio
		if t.Kind == media.Video {
			into = &video
		}
		if *into != "" || t.Kind == media.Video && t.Muted {
			return "", "", false
		}
		*into = t.ID
	}
	return video, audio, video != ""
}

// sizeOf returns the largest picture of a track, as far as it is known.
func (w *Wish) sizeOf(id media.TrackID) (size media.Dimensions) {
	for _, m := range w.Members {
		for _, t := range m.Tracks {
			if n := len(t.Layers); t.ID == id && n > 0 {
				size = t.Layers[n-1].Size
			}
		}
	}
	return size
}

// size returns the picture's dimensions.
func (w *Wish) size() media.Dimensions {
	return media.Dimensions{Width: w.Settings.Width, Height: w.Settings.Height}
}

// stream is one rendition of the program's picture: a size, and a rate.
type stream struct {
	rid  string
	size media.Dimensions
	rate media.Bitrate
	// temporal is how many temporal layers it has. They cost a decibel, so
	// only what thin lines get has them: others have a smaller size to go to.
	temporal int
}

// renditions returns the sizes in which the picture is made, the smallest first.
func (w *Wish) renditions() []stream {
	full := w.size()
	large := stream{"l", full, rate(full, w.Settings.FPS), 1}
	half := media.Dimensions{Width: full.Width / 2 &^ 1, Height: full.Height / 2 &^ 1}
	if half.Width >= api.MinProgramWidth*2 && half.Height >= api.MinProgramHeight*2 {
		return []stream{{"s", half, rate(half, w.Settings.FPS), 2}, large}
	}
	large.temporal = 2
	return []stream{large}
}
