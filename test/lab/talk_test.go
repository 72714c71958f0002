// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// talk is a connection on which every message comes back.
type talk interface {
	send(message string) error
	receive() (string, error)
	// end says that count messages were all, and checks that the other end
	// agrees.
	end(count int) error
}

// chatting is a talk over WebSocket.
type chatting struct{ *websocket.Conn }

// chat opens a WebSocket to the service.
func (r *website) chat(t *testing.T) talk {
	t.Helper()
	dialer := websocket.Dialer{
		NetDialContext:  func(ctx context.Context, _, _ string) (net.Conn, error) { return r.dial(ctx) },
		TLSClientConfig: r.trust(),
	}
	c, resp, err := dialer.DialContext(t.Context(), "wss://"+webSite+"/echo", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = c.Close() })
	return chatting{c}
}

func (c chatting) send(message string) error {
	return c.WriteMessage(websocket.TextMessage, []byte(message))
}

func (c chatting) receive() (string, error) {
	_, message, err := c.ReadMessage()
	return string(message), err
}

func (c chatting) end(int) error {
	closing := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "done")
	if err := c.WriteMessage(websocket.CloseMessage, closing); err != nil {
		return err
	}
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		return fmt.Errorf("the close was answered with %w", err)
	}
	return nil
}

const (
	rpcMethod = "/lab.Echo/Talk"
	rpcFail   = "fail" // ends a stream with an error
	rpcCount  = "count"
)

var rpcStream = grpc.StreamDesc{StreamName: "Talk", Handler: echoRPC, ServerStreams: true, ClientStreams: true}

// serveRPC is an application at the provider: streams of gRPC that echo, and
// tell the number of messages in their trailers.
func serveRPC(args []string) {
	ln, err := net.Listen("tcp", args[0])
	if err != nil {
		log.Fatal(err)
	}
	s := grpc.NewServer()
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "lab.Echo", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{rpcStream},
	}, nil)
	log.Printf("serving on %s", args[0])
	log.Fatal(s.Serve(ln))
}

func echoRPC(_ any, s grpc.ServerStream) error {
	count := 0
	defer func() { s.SetTrailer(metadata.Pairs(rpcCount, strconv.Itoa(count))) }()
	for ; ; count++ {
		var message wrapperspb.StringValue
		switch err := s.RecvMsg(&message); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case message.Value == rpcFail:
			return status.Error(codes.DataLoss, rpcFail)
		}
		if err := s.SendMsg(&message); err != nil {
			return err
		}
	}
}

// calling is a talk over gRPC.
type calling struct{ grpc.ClientStream }

// call opens a stream to the service.
func (r *website) call(t *testing.T) calling {
	t.Helper()
	c, err := grpc.NewClient("passthrough:///"+rpcSite, grpc.WithTransportCredentials(credentials.NewTLS(r.trust())),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return r.dial(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s, err := c.NewStream(t.Context(), &rpcStream, rpcMethod)
	if err != nil {
		t.Fatal(err)
	}
	return calling{s}
}

func (c calling) send(message string) error { return c.SendMsg(wrapperspb.String(message)) }

func (c calling) receive() (string, error) {
	var message wrapperspb.StringValue
	err := c.RecvMsg(&message)
	return message.Value, err
}

func (c calling) end(count int) error {
	if err := c.CloseSend(); err != nil {
		return err
	}
	if message, err := c.receive(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("after the end comes %q, %w", message, err)
	}
	return c.counted(count)
}

// counted checks the trailers of a stream that has ended.
func (c calling) counted(count int) error {
	if got := strings.Join(c.Trailer().Get(rpcCount), ","); got != strconv.Itoa(count) {
		return fmt.Errorf("the trailers count %q messages, want %d", got, count)
	}
	return nil
}
