package client

import "testing"

func TestSocketURL(t *testing.T) {
	for server, want := range map[string]string{
		"http://127.0.0.1:8080":       "ws://127.0.0.1:8080/api/ws",
		"https://call.example/#choir": "wss://call.example/api/ws",
		"wss://call.example/tutti/ws": "wss://call.example/tutti/ws",
		"ws://[::1]:80/":              "ws://[::1]:80/api/ws",
		"ftp://call.example":          "",
		"call.example":                "",
		"http://%zz":                  "",
	} {
		got, err := socketURL(server)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s becomes %q, %v; want %q", server, got, err, want)
		}
	}
}

func TestLoopback(t *testing.T) {
	for server, want := range map[string]bool{
		"ws://127.0.0.1:8080/api/ws": true,
		"ws://localhost/api/ws":      true,
		"ws://[::1]:80/":             true,
		"wss://call.example/":        false,
	} {
		if isLoopback(server) != want {
			t.Errorf("%s is loopback: %t", server, !want)
		}
	}
}
