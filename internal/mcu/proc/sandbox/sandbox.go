// Package sandbox takes from a process what decoding strangers' pictures does not
// need: files, the network, other processes, most of the kernel.
//
// It is for a process that has opened what it works with and loaded its
// libraries; there is no way back. It starts no goroutine. What a system lacks is
// reported, not refused: decoding in a process apart is worth it by itself.
package sandbox

// measure is one of the things that Enter does.
type measure struct {
	name string
	// take takes the measure for all threads, those to come too, and returns
	// a detail, such as a version, or "".
	take func() (detail string, err error)
}

// Enter takes from the process all that it can, and returns the measures that are
// in force, and those that are not, each with the reason. What is open stays
// open.
func Enter() (inForce, lacking []string) { return enter(measures()) }

func enter(list []measure) (inForce, lacking []string) {
	for _, m := range list {
		detail, err := m.take()
		switch {
		case err != nil:
			lacking = append(lacking, m.name+": "+err.Error())
		case detail != "":
			inForce = append(inForce, m.name+" "+detail)
		default:
			inForce = append(inForce, m.name)
		}
	}
	return inForce, lacking
}
