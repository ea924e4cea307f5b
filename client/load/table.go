package load

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteTable writes reports for people, one line each.
func WriteTable(w io.Writer, reports []*Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tviewers\tjoined\tfirst packet ms\tfirst video ms\tpackets/s\tlost\tdelivered\tlatency ms\tserver CPU\tCPU/packet\tCPU/join\tmemory\tper viewer\tload CPU\t")
	fmt.Fprintln(t, "\t\t\tp50 / p99\tp50 / p99\t\t%\t%\tp50 / p99\tcores\tµs\tms\tMB\tkB\tcores\t")
	for _, r := range reports {
		fmt.Fprintf(t, "%s\t%d\t%d\t%.0f / %.0f\t%.0f / %.0f\t%.0f\t%.2f\t%.1f\t%.2f / %.2f\t%.2f\t%.2f\t%.2f\t%.0f\t%.0f\t%.2f\t\n",
			r.Name, r.Viewers, r.Joined, r.FirstPacket.P50, r.FirstPacket.P99, r.FirstVideo.P50, r.FirstVideo.P99,
			r.PacketsPerSecond, r.LossPercent, r.Delivered, r.Latency.P50, r.Latency.P99, r.ServerCPU, r.CPUPerPacket, r.JoinCPU, r.Memory, r.MemoryPerViewer, r.LoadCPU)
	}
	return t.Flush()
}
