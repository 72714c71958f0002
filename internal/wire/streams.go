// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

// ResumeWanted is a provider's wish, which the gateway passes on to the
// session's visitor, that streams be resumed over new channels, for only
// visitors open them (rules S1). Added.
type ResumeWanted struct {
	SessionID string `json:"sessionId"`
	// Streams are at most MaxResumes ids in hex. None: of a UDP session, whose
	// provider lacks the keys of what it gets.
	Streams []string `json:"streams"`
}

// MaxResumes bounds one ResumeWanted.
const MaxResumes = 256

// Streams is a client's report on its streams, for whoever watches over the
// gateway, which cannot see them. It replaces the last one. Added.
type Streams struct {
	Streams []StreamInfo `json:"streams"` // at most MaxStreamInfos, the busiest
	Total   int          `json:"total"`
}

// MaxStreamInfos bounds one Streams.
const MaxStreamInfos = 200

// StreamInfo describes a stream at one of its ends. Times are milliseconds.
type StreamInfo struct {
	ID          string `json:"id"`   // in hex
	Role        string `json:"role"` // Provider or Visitor
	Peer        string `json:"peer"`
	Service     string `json:"service"`
	Path        string `json:"path"`  // relay, websocket; empty while it has none
	Begun       int64  `json:"begun"` // since 1970
	BytesIn     uint64 `json:"bytesIn"`
	BytesOut    uint64 `json:"bytesOut"`
	Unacked     uint64 `json:"unacked"` // bytes sent that the other end has not confirmed
	Resumptions uint64 `json:"resumptions,omitempty"`
	LastFault   string `json:"lastFault,omitempty"`
	FaultAt     int64  `json:"faultAt,omitempty"` // since 1970
	// Latency is a round trip to the other end; Leg the part of it to the relay.
	// 0: not known yet.
	Latency float64 `json:"latency,omitempty"`
	Leg     float64 `json:"leg,omitempty"`
}
