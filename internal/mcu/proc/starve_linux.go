package proc

import (
	"fmt"
	"os"
	"strconv"
)

// readTurns reads what the system tells of a process's threads; nil if nothing.
func readTurns(pid int) map[int]turn {
	folder := fmt.Sprintf("/proc/%d/task/", pid)
	threads, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	turns := make(map[int]turn)
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			continue
		}
		// A thread that has ended meanwhile has nothing to tell.
		schedstat, _ := os.ReadFile(folder + thread.Name() + "/schedstat")
		stat, _ := os.ReadFile(folder + thread.Name() + "/stat")
		if t, ok := readTurn(schedstat, stat); ok {
			turns[id] = t
		}
	}
	return turns
}
