// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import "os"

// soak asks for Autobahn's own message counts.
var soak = os.Getenv("CULVERT_SOAK") == "1"

// exceptions are the cases, or the families of cases, that differ from
// Autobahn's, and why. None is left out, and none expects less.
var exceptions = map[string]string{
	"5.19":  "a ping and its pong stand for the wait of 1 s: they show the same, that the hub has read the first fragments and answers inside a message",
	"5.20":  "as 5.19",
	"6.4":   "a pong, or 50 ms of silence inside a frame, stand for the wait of 1 s",
	"7.1.6": "informational in Autobahn; here both messages must arrive before the close, since the hub handles what it reads in order",
	"7.3.1": "Autobahn takes any normal code in answer to an empty close frame; the hub answers with an empty one (RFC 6455 §5.5.1)",
	"7.5.1": "Autobahn takes 1002 too; the hub closes with 1007 (RFC 6455 §8.1)",
	"7.7":   "Autobahn takes 1000 too; the hub echoes the code (RFC 6455 §5.5.1)",
	"7.13":  "informational in Autobahn; the hub closes with 1002, as for all codes that must not be on the wire (RFC 6455 §7.4.2)",
	"12":    "texts and pictures are generated, not Autobahn's files; 4 to 64 messages a case, about 256 KiB of them, in place of 1,000, unless CULVERT_SOAK=1; a second receiver has no compression",
	"13":    "as 12",
	"13.3":  "the hub has one deflated encoding per endpoint, with a window of 15 bits, so it declines an offer that asks for 9 (RFC 7692 §5); the case runs uncompressed and must pass so",
	"13.5":  "as 13.3",
	"13.7":  "as 13.3; the second of the three offers is accepted",
}
