// Package e2e tries tutti from outside: the real binary in a process of its
// own, real browsers, and Go clients over real sockets. It is tests only; the
// package itself holds nothing.
//
// A story is one thing that happens to people in a call. Those in browsers are
// in stories/, one per file, run by node one after the other: machines with two
// cores carry four small pages at a time. People are synthetic (browser/): each
// has a colour, a tone and numbered pictures, and is seen and heard by what the
// other pages show and play.
//
// What lies between people is in a lab: an internet of network namespaces with a
// server and clients behind routers that do to packets what real ones do, each
// found out from inside before it is believed (TestLab). TestMatrix has all
// pairs call each other, by Go clients, and leaves a table; TestBrowsersApart the
// main ones by browsers.
//
// What needs a browser, node or root is skipped where that is missing and said
// so; with CI set in the environment it fails instead, but for root.
package e2e
