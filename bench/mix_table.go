package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// fluent is how many pictures a second a mixer makes that keeps up; else its
// other figures mean nothing.
const fluent = 28.5

// target is what mixing may cost, and what it does.
type target struct {
	Name  string  `json:"name"`
	Limit float64 `json:"limit"`
	Value float64 `json:"value"`
	Met   bool    `json:"met"`
}

// targets compares a report with what was aimed at. What was not measured is left
// out.
func targets(r *mixReport) []target {
	var list []target
	most := func(name string, limit, value float64) {
		list = append(list, target{name, limit, value, value <= limit})
	}
	for _, f := range r.Sound {
		if f.Tutti != nil && f.Listeners == 1000 {
			most("sound for 1000 listeners, cores", 0.15, f.Tutti.CPU)
		}
	}
	for _, f := range r.Pictures {
		ours, theirs := f.Tutti, f.FFmpeg
		switch {
		case ours == nil:
		case !f.still && ours.Composed < fluent:
			list = append(list, target{Name: f.Name + ", pictures a second", Limit: fluent, Value: ours.Composed})
		case f.still:
			most(f.Name+", cores", 0.1, ours.CPU)
		case f.layer != fullLayer:
			most(f.Name+", cores", 0.4, ours.CPU)
		case f.Tiles == 9:
			most(f.Name+", cores", 0.5, ours.CPU)
			if theirs != nil {
				most(f.Name+" of ffmpeg's", 0.65, ours.CPU/theirs.CPU)
				most(f.Name+", decode, scale and compose of ffmpeg's", 0.7,
					(ours.Decode+ours.Scale+ours.Compose)/(theirs.Decode+theirs.Stack))
			}
		}
	}
	if len(r.Quality) >= 2 {
		most("quality of 9 tiles, dB below ffmpeg's", 0.5, r.Quality[1].PSNR-r.Quality[0].PSNR)
	}
	return list
}

// writeMix writes the tables.
func writeMix(w io.Writer, r *mixReport) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(r.Sound) > 0 {
		fmt.Fprintf(t, "\nSound of %d talkers, listeners\ttutti, cores\tof it mixing\tmixes in 20 ms\tjanus, cores\tdelivered %%\n", mixTalkers)
	}
	for _, f := range r.Sound {
		fmt.Fprint(t, f.Listeners)
		if m := f.Tutti; m != nil {
			fmt.Fprintf(t, "\t%.3f\t%.3f\t%.1f", m.CPU, m.Sound, m.Mixed/50)
		} else {
			fmt.Fprint(t, "\t\t\t")
		}
		if m := f.Janus; m != nil {
			fmt.Fprintf(t, "\t%.3f\t%.0f", m.CPU, 100*m.Delivered)
		} else {
			fmt.Fprint(t, "\t\t")
		}
		fmt.Fprintln(t)
	}
	if len(r.Pictures) > 0 {
		fmt.Fprintln(t, "\nPicture, cores\ttutti\tdecode\tscale\tcompose\tencode\tpictures/s\tkbit/s\tffmpeg\tdecode\tscale+stack\tencode\tratio")
	}
	for _, f := range r.Pictures {
		fmt.Fprint(t, f.Name)
		if m := f.Tutti; m != nil {
			fmt.Fprintf(t, "\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.1f\t%.0f", m.CPU, m.Decode, m.Scale, m.Compose, m.Encode, m.Composed, m.Rate/1000)
		} else {
			fmt.Fprint(t, "\t\t\t\t\t\t\t")
		}
		if m := f.FFmpeg; m != nil {
			fmt.Fprintf(t, "\t%.3f\t%.3f\t%.3f\t%.3f", m.CPU, m.Decode, m.Stack, m.Encode)
			if f.Tutti != nil {
				fmt.Fprintf(t, "\t%.2f", f.Tutti.CPU/m.CPU)
			}
		}
		fmt.Fprintln(t)
	}
	if len(r.Quality) > 0 {
		fmt.Fprintln(t, "\nQuality of 9 tiles\tPSNR of luma, dB\tkbit/s\tframes/s")
	}
	for _, q := range r.Quality {
		fmt.Fprintf(t, "%s\t%.2f\t%.0f\t%.1f\n", q.Name, q.PSNR, q.Rate/1000, q.Frames)
	}
	if len(r.Targets) > 0 {
		fmt.Fprintln(t, "\nTarget\tat most\tmeasured\t")
	}
	for _, x := range r.Targets {
		verdict := "met"
		if !x.Met {
			verdict = "missed"
		}
		fmt.Fprintf(t, "%s\t%.2f\t%.3f\t%s\n", x.Name, x.Limit, x.Value, verdict)
	}
	return t.Flush()
}
