import{A as e,On as t,d as n,et as r,o as i,t as a}from"./shared-2hxfivoV.js";import{t as o}from"./tabs-xboUKsDe.js";import{O as s,m as c,r as l}from"./base-BjvLuHC6.js";import{t as u}from"./DownloadOutlined-DafFGY7b.js";import{t as d}from"./theme-k8sMdmgb.js";import{r as f}from"./frame-8DB2CGjv.js";import{t as p}from"./download-B8CAK0nV.js";var m=c();function h({example:t,note:n,text:r}){let{t:o}=l(`code`),{token:s}=d.useToken();return(0,m.jsxs)(i,{vertical:!0,gap:`small`,children:[(0,m.jsx)(a.Text,{type:`secondary`,children:n}),(0,m.jsxs)(i,{justify:`space-between`,align:`center`,gap:`small`,wrap:!0,children:[(0,m.jsx)(a.Text,{className:`mono`,children:t.file}),(0,m.jsxs)(i,{gap:`small`,children:[(0,m.jsx)(f,{text:r,what:t.file,children:o(`copy`)}),(0,m.jsx)(e,{icon:(0,m.jsx)(u,{"aria-hidden":!0}),"aria-label":o(`download_file`,{file:t.file}),onClick:()=>p(t.file,`text/plain`,r),children:o(`download`)})]})]}),(0,m.jsx)(`pre`,{"data-example":t.key,"data-file":t.file,className:`mono`,role:`region`,tabIndex:0,"aria-label":t.file,style:{margin:0,padding:16,overflow:`auto`,maxHeight:`70vh`,fontSize:13,lineHeight:1.5,background:s.colorFillQuaternary,border:`1px solid ${s.colorBorderSecondary}`,borderRadius:s.borderRadius},children:(0,m.jsx)(`code`,{children:r})})]})}var g=Object.assign({"./examples/Client.java.txt":`// Nothing to install: Java 17 and later.
// java Client.java [MESSAGE]
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;

public class Client implements WebSocket.Listener {
    static final String URL = "__URL__";
    static final Pattern RETRY_AFTER = Pattern.compile("retry-after=([\\\\d.]+)$");

    record Close(int code, String reason) {}

    final CompletableFuture<Close> closed = new CompletableFuture<>();
    final StringBuilder text = new StringBuilder();

    public static void main(String[] args) throws InterruptedException {
        String message = args.length > 0 ? args[0] : "hello";
        HttpClient http = HttpClient.newHttpClient();
        for (int attempt = 0; ; attempt++) {
            Client client = new Client();
            Close close;
            try {
                WebSocket socket = http.newWebSocketBuilder()
//? private
                        .header("Authorization", "Bearer " + System.getenv("CULVERT_KEY"))
//? end
                        .buildAsync(URI.create(URL), client).join();
                attempt = 0;
                socket.sendText(message, true).join();
                close = client.closed.join();
            } catch (CompletionException e) {
                close = new Close(1006, String.valueOf(e.getCause()));
            }
            System.err.println("closed: " + close.code() + " " + close.reason());
            // 1008: sent too much; 4400 and above: for good. Coming back would not help.
            if (close.code() == 1000 || close.code() == 1008 || close.code() >= 4400) return;
            // 1 s, 2 s, 4 s ... at most 30 s, not all clients at once; a restart says when.
            double wait = Math.min(30, 1 << Math.min(attempt, 5)) * (0.5 + Math.random() / 2);
            var hint = RETRY_AFTER.matcher(close.reason());
            if (hint.find()) wait = Double.parseDouble(hint.group(1));
            Thread.sleep((long) (wait * 1000));
        }
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
        text.append(part);
        if (last) {
            System.out.println(text);
            text.setLength(0);
        }
        socket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
        closed.complete(new Close(code, reason));
        return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
        closed.complete(new Close(1006, String.valueOf(error)));
    }
}
`,"./examples/Program.cs.txt":`// Nothing to install but .NET 8 or later: dotnet new console -o client, put this in client/Program.cs
// dotnet run --project client [MESSAGE]
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;

const string url = "__URL__";
var message = args.Length > 0 ? args[0] : "hello";

for (var attempt = 0; ; attempt++)
{
    using var socket = new ClientWebSocket();
//? private
    socket.Options.SetRequestHeader("Authorization", "Bearer " + Environment.GetEnvironmentVariable("CULVERT_KEY"));
//? end
    var reason = "";
    try
    {
        await socket.ConnectAsync(new Uri(url), CancellationToken.None);
        attempt = 0;
        await socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, true, CancellationToken.None);
        await Print(socket);
        reason = socket.CloseStatusDescription ?? "";
    }
    catch (WebSocketException e)
    {
        reason = e.Message;
    }
    var code = (int)(socket.CloseStatus ?? (WebSocketCloseStatus)1006);
    Console.Error.WriteLine($"closed: {code} {reason}");
    // 1008: sent too much; 4400 and above: for good. Coming back would not help.
    if (code is 1000 or 1008 or >= 4400) return;
    // 1 s, 2 s, 4 s … at most 30 s, not all clients at once; a restart says when.
    var wait = Math.Min(30, Math.Pow(2, attempt)) * (0.5 + Random.Shared.NextDouble() / 2);
    var hint = Regex.Match(reason, @"retry-after=([\\d.]+)$");
    if (hint.Success) wait = double.Parse(hint.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
    await Task.Delay(TimeSpan.FromSeconds(wait));
}

// Print shows what arrives until the connection ends.
static async Task Print(ClientWebSocket socket)
{
    var buffer = new byte[16 * 1024];
    using var message = new MemoryStream();
    while (true)
    {
        var part = await socket.ReceiveAsync(new ArraySegment<byte>(buffer), CancellationToken.None);
        if (part.MessageType == WebSocketMessageType.Close) return;
        message.Write(buffer, 0, part.Count);
        if (!part.EndOfMessage) continue;
        Console.WriteLine(Encoding.UTF8.GetString(message.ToArray()));
        message.SetLength(0);
    }
}
`,"./examples/client-built-in.mjs.txt":`// Nothing to install: Node 22 and later, Deno and Bun have WebSocket built in.
// node client-built-in.mjs [MESSAGE]
const URL = "__URL__";
const MESSAGE = process.argv[2] ?? "hello";
let attempt = 0;

function connect() {
//? public
  const socket = new WebSocket(URL);
//? private
  // As in browsers there are no headers, so the key is offered as a subprotocol.
  const socket = new WebSocket(URL, ["culvert.key." + process.env.CULVERT_KEY, "chat"]);
//? end
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    attempt = 0;
    socket.send(MESSAGE);
  };
  socket.onmessage = ({ data }) => console.log(typeof data === "string" ? data : new Uint8Array(data));
  socket.onclose = ({ code, reason }) => {
    console.error(\`closed: \${code} \${reason}\`);
    // 1008: sent too much; 4400 and above: for good. Coming back would not help.
    if (code === 1000 || code === 1008 || code >= 4400) return;
    // 1 s, 2 s, 4 s … at most 30 s, not all clients at once; a restart says when.
    const hint = /retry-after=([\\d.]+)$/.exec(reason);
    const wait = hint ? Number(hint[1]) : Math.min(30, 2 ** attempt++) * (0.5 + Math.random() / 2);
    setTimeout(connect, wait * 1000);
  };
}

connect();
`,"./examples/client.html.txt":`<!doctype html>
<!-- Nothing to install: save this page and open it in a browser. -->
<meta charset="utf-8" />
<title>WebSocket client</title>
<form><input name="message" value="hello" aria-label="Message" /> <button>Send</button></form>
<pre id="output"></pre>
<script>
  const URL = "__URL__";
//? private
  // Whoever sees the page's source must not see the key, so it is asked for.
  // Pages for other people: have your server ask for a ticket for each connection.
  const KEY = prompt("Key of the endpoint (cvk_…)");
//? end
  const output = document.getElementById("output");
  const show = (line) => output.append(line + "\\n");
  let socket;
  let attempt = 0;

  function connect() {
//? public
    socket = new WebSocket(URL);
//? private
    socket = new WebSocket(URL, ["culvert.key." + KEY, "chat"]);
//? end
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      attempt = 0;
      socket.send("hello");
    };
    socket.onmessage = ({ data }) =>
      show(typeof data === "string" ? data : \`\${data.byteLength} bytes of binary data\`);
    socket.onclose = ({ code, reason }) => {
      // 1008: sent too much; 4400 and above: for good. Coming back would not help.
      if (code === 1000 || code === 1008 || code >= 4400) return show(\`closed: \${code} \${reason}\`);
      // 1 s, 2 s, 4 s … at most 30 s, not all clients at once; a restart says when.
      const hint = /retry-after=([\\d.]+)$/.exec(reason);
      const wait = hint ? Number(hint[1]) : Math.min(30, 2 ** attempt++) * (0.5 + Math.random() / 2);
      show(\`closed: \${code} \${reason}, again in \${wait.toFixed(1)} s\`);
      setTimeout(connect, wait * 1000);
    };
  }

  document.forms[0].onsubmit = (event) => {
    event.preventDefault();
    if (socket.readyState === WebSocket.OPEN) socket.send(event.target.message.value);
  };
  connect();
<\/script>
`,"./examples/client.ino.txt":`// For ESP32. Arduino's library manager: "WebSockets" by Markus Sattler (links2004).
// Set the network's name and password below, then look at the serial monitor (115200 baud).
#include <WiFi.h>
#include <WebSocketsClient.h>

const char* WIFI_NAME = "my-network";
const char* WIFI_PASSWORD = "my-password";
//? private
const char* AUTHORIZATION = "Authorization: Bearer cvk_...";  // the endpoint's key
//? end

WebSocketsClient socket;

void onEvent(WStype_t type, uint8_t* payload, size_t length) {
  switch (type) {
    case WStype_CONNECTED:
      Serial.println("connected");
      socket.sendTXT("hello");
      break;
    case WStype_TEXT:
      Serial.printf("%.*s\\n", (int)length, (char*)payload);
      break;
    case WStype_BIN:
      Serial.printf("%u bytes of binary data\\n", (unsigned)length);
      break;
    case WStype_DISCONNECTED:
      // The library tells no close code, so it comes back after every end.
      Serial.println("closed");
      socket.setReconnectInterval(random(2000, 10000));
      break;
    default:
      break;
  }
}

void setup() {
  Serial.begin(115200);
  WiFi.begin(WIFI_NAME, WIFI_PASSWORD);
  while (WiFi.status() != WL_CONNECTED) delay(200);
  socket.onEvent(onEvent);
//? private
  socket.setExtraHeaders(AUTHORIZATION);
//? end
//? tls
  // Encrypted, but without a look at the certificate; for that, see beginSslWithCA.
  socket.beginSSL("__HOST__", __PORT__, "__PATH__");
//? plain
  socket.begin("__HOST__", __PORT__, "__PATH__");
//? end
}

void loop() {
  socket.loop();
}
`,"./examples/client.mjs.txt":`// npm install ws
// node client.mjs [MESSAGE]
import WebSocket from "ws";

const URL = "__URL__";
const MESSAGE = process.argv[2] ?? "hello";
//? private
const options = { headers: { Authorization: \`Bearer \${process.env.CULVERT_KEY}\` } };
//? end
let attempt = 0;

function connect() {
//? public
  const socket = new WebSocket(URL);
//? private
  const socket = new WebSocket(URL, options);
//? end
  socket.on("open", () => {
    attempt = 0;
    socket.send(MESSAGE);
  });
  socket.on("message", (data, isBinary) => console.log(isBinary ? data : data.toString()));
  socket.on("error", (error) => console.error(error.message)); // "close" follows
  socket.on("close", (code, reason) => {
    console.error(\`closed: \${code} \${reason}\`);
    // 1008: sent too much; 4400 and above: for good. Coming back would not help.
    if (code === 1000 || code === 1008 || code >= 4400) return;
    // 1 s, 2 s, 4 s … at most 30 s, not all clients at once; a restart says when.
    const hint = /retry-after=([\\d.]+)$/.exec(reason);
    const wait = hint ? Number(hint[1]) : Math.min(30, 2 ** attempt++) * (0.5 + Math.random() / 2);
    setTimeout(connect, wait * 1000);
  });
}

connect();
`,"./examples/client.php.txt":`<?php
// composer require phrity/websocket (PHP 8.1 or later with mbstring)
// php client.php [MESSAGE]
require __DIR__ . '/vendor/autoload.php';

use WebSocket\\Client;
use WebSocket\\Connection;
use WebSocket\\Message\\Close;
use WebSocket\\Message\\Message;
use WebSocket\\Middleware\\CloseHandler;
use WebSocket\\Middleware\\PingResponder;

const URL = '__URL__';
$message = $argv[1] ?? 'hello';

for ($attempt = 0; ; $attempt++) {
    [$code, $reason] = [1006, ''];
    $client = new Client(URL);
    $client
//? private
        ->addHeader('Authorization', 'Bearer ' . getenv('CULVERT_KEY'))
//? end
        ->addMiddleware(new CloseHandler())
        ->addMiddleware(new PingResponder())
        ->onText(function (Client $client, Connection $connection, Message $text) {
            echo $text->getContent(), "\\n";
        })
        ->onClose(function (Client $client, Connection $connection, Close $close) use (&$code, &$reason) {
            [$code, $reason] = [$close->getCloseStatus(), $close->getContent()];
        });
    try {
        $client->text($message);
        $attempt = 0;
        $client->start();
    } catch (\\Exception $e) {
        $reason = $e->getMessage();
    }
    fwrite(STDERR, "closed: $code $reason\\n");
    // 1008: sent too much; 4400 and above: for good. Coming back would not help.
    if ($code === 1000 || $code === 1008 || $code >= 4400) {
        break;
    }
    // 1 s, 2 s, 4 s … at most 30 s, not all clients at once; a restart says when.
    $wait = min(30, 2 ** $attempt) * random_int(500, 1000) / 1000;
    if (preg_match('/retry-after=([\\d.]+)$/', $reason, $hint)) {
        $wait = (float) $hint[1];
    }
    usleep((int) ($wait * 1_000_000));
}
`,"./examples/client.py.txt":`# pip install websockets
# python3 client.py [MESSAGE]
import asyncio
//? private
import os
//? end
import random
import re
import sys

import websockets

URL = "__URL__"
MESSAGE = sys.argv[1] if len(sys.argv) > 1 else "hello"


async def main():
    attempt = 0
    while True:
        code, reason = 1006, ""
        try:
//? public
            async with websockets.connect(URL) as socket:
//? private
            # websockets 14 and later; before that it is extra_headers.
            headers = {"Authorization": "Bearer " + os.environ["CULVERT_KEY"]}
            async with websockets.connect(URL, additional_headers=headers) as socket:
//? end
                attempt = 0
                await socket.send(MESSAGE)
                try:
                    async for message in socket:
                        print(message, flush=True)
                except websockets.ConnectionClosed:
                    pass
                code, reason = socket.close_code, socket.close_reason
        except (OSError, websockets.WebSocketException) as error:
            reason = str(error)
        print(f"closed: {code} {reason}", file=sys.stderr)
        # 1008: sent too much; 4400 and above: for good. Coming back would not help.
        if code in (1000, 1008) or code >= 4400:
            return
        # 1 s, 2 s, 4 s … at most 30 s, not all clients at once; a restart says when.
        wait = min(30, 2**attempt) * random.uniform(0.5, 1)
        attempt += 1
        if hint := re.search(r"retry-after=([\\d.]+)$", reason or ""):
            wait = float(hint[1])
        await asyncio.sleep(wait)


asyncio.run(main())
`,"./examples/client.rb.txt":`# gem install faye-websocket (Debian and Ubuntu: apt install ruby-faye-websocket)
# ruby client.rb [MESSAGE]
require "eventmachine"
require "faye/websocket"

URL = "__URL__"
MESSAGE = ARGV[0] || "hello"
//? public
OPTIONS = {}
//? private
OPTIONS = { headers: { "Authorization" => "Bearer #{ENV.fetch("CULVERT_KEY")}" } }
//? end
$stdout.sync = true

def connect(attempt)
  socket = Faye::WebSocket::Client.new(URL, nil, OPTIONS)
  socket.on(:open) do
    attempt = 0
    socket.send(MESSAGE)
  end
  socket.on(:message) { |event| puts event.data.is_a?(Array) ? event.data.pack("C*") : event.data }
  socket.on(:close) do |event|
    warn "closed: #{event.code} #{event.reason}"
    # 1008: sent too much; 4400 and above: for good. Coming back would not help.
    next EM.stop if [1000, 1008].include?(event.code) || event.code >= 4400

    # 1 s, 2 s, 4 s … at most 30 s, not all clients at once; a restart says when.
    hint = event.reason.to_s[/retry-after=([\\d.]+)$/, 1]
    wait = hint ? hint.to_f : [30, 2**attempt].min * rand(0.5..1.0)
    EM.add_timer(wait) { connect(attempt + 1) }
  end
end

EM.run { connect(0) }
`,"./examples/client.swift.txt":`// Nothing to install: macOS 12, iOS 15 and later.
// swiftc -parse-as-library client.swift && ./client [MESSAGE]
import Foundation

let url = URL(string: "__URL__")!

@main
struct Client {
    static func main() async throws {
        let message = CommandLine.arguments.dropFirst().first ?? "hello"
        var attempt = 0
        while true {
            var request = URLRequest(url: url)
//? private
            let key = ProcessInfo.processInfo.environment["CULVERT_KEY"] ?? ""
            request.setValue("Bearer \\(key)", forHTTPHeaderField: "Authorization")
//? end
            request.timeoutInterval = 15
            let socket = URLSession.shared.webSocketTask(with: request)
            socket.resume()
            do {
                try await socket.send(.string(message))
                attempt = 0
                while true {
                    switch try await socket.receive() {
                    case .string(let text): print(text)
                    case .data(let data): print("\\(data.count) bytes of binary data")
                    @unknown default: break
                    }
                }
            } catch {
                let code = socket.closeCode.rawValue
                let reason = socket.closeReason.flatMap { String(data: $0, encoding: .utf8) } ?? "\\(error)"
                print("closed: \\(code) \\(reason)")
                // 1008: sent too much; 4400 and above: for good. Coming back would not help.
                if code == 1000 || code == 1008 || code >= 4400 { return }
                // 1 s, 2 s, 4 s … at most 30 s, not all clients at once; a restart says when.
                var wait = min(30, pow(2, Double(attempt))) * Double.random(in: 0.5...1)
                if let hint = reason.components(separatedBy: "retry-after=").dropFirst().last,
                    let seconds = Double(hint)
                {
                    wait = seconds
                }
                attempt += 1
                try await Task.sleep(nanoseconds: UInt64(wait * 1_000_000_000))
            }
        }
    }
}
`,"./examples/curl.sh.txt":`#!/bin/sh
# Nothing to install. It prints what arrives, and cannot send; websocat can.
# sh curl.sh
URL="__URL__"
//? private
set -- --header "Authorization: Bearer $CULVERT_KEY"
//? end

if curl --version | grep -qw ws; then
  # curl 8.11 and later speaks WebSocket.
  exec curl --silent --show-error --no-buffer "$@" "$URL"
fi
# Older ones only ask for it: frames come as they are, each message behind a few bytes
# of its own, and nobody answers pings, so the gateway ends it after half a minute.
exec curl --silent --show-error --no-buffer --http1.1 "$@" \\
  --header "Connection: Upgrade" \\
  --header "Upgrade: websocket" \\
  --header "Sec-WebSocket-Version: 13" \\
  --header "Sec-WebSocket-Key: $(head -c 16 /dev/urandom | base64)" \\
  "__HTTP_URL__"
`,"./examples/main.go.txt":`// go mod init client && go get github.com/gorilla/websocket
// go run . [MESSAGE]
package main

import (
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
//? private
	"net/http"
//? end
	"os"
	"regexp"
	"time"

	"github.com/gorilla/websocket"
)

const url = "__URL__"

var retryAfter = regexp.MustCompile(\`retry-after=([\\d.]+)$\`)

func main() {
	message := "hello"
	if len(os.Args) > 1 {
		message = os.Args[1]
	}
	for attempt := 0; ; attempt++ {
		opened, err := talk(message)
		log.Print(err)
		if opened {
			attempt = 0
		}
		// 1 s, 2 s, 4 s … at most 30 s, not all clients at once; a restart says when.
		wait := min(30*time.Second, time.Second<<min(attempt, 5))
		wait = wait/2 + rand.N(wait/2)
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			// 1008: sent too much; 4400 and above: for good. Coming back would not help.
			if closed.Code == 1000 || closed.Code == 1008 || closed.Code >= 4400 {
				return
			}
			if hint := retryAfter.FindStringSubmatch(closed.Text); hint != nil {
				wait, _ = time.ParseDuration(hint[1] + "s")
			}
		}
		time.Sleep(wait)
	}
}

// talk sends the message and prints what arrives until the connection ends.
func talk(message string) (opened bool, err error) {
//? public
	socket, _, err := websocket.DefaultDialer.Dial(url, nil)
//? private
	header := http.Header{"Authorization": {"Bearer " + os.Getenv("CULVERT_KEY")}}
	socket, _, err := websocket.DefaultDialer.Dial(url, header)
//? end
	if err != nil {
		return false, err
	}
	defer socket.Close()
	if err := socket.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		return true, err
	}
	for {
		_, data, err := socket.ReadMessage()
		if err != nil {
			return true, err
		}
		fmt.Println(string(data))
	}
}
`,"./examples/main.rs.txt":`// cargo init client && cd client
// cargo add tungstenite --features rustls-tls-webpki-roots
// cargo run -- [MESSAGE]
use std::{env, thread, time::Duration};

//? private
use tungstenite::client::IntoClientRequest;
//? end
use tungstenite::{connect, Message};

const URL: &str = "__URL__";

fn main() {
    let message = env::args().nth(1).unwrap_or_else(|| "hello".into());
    let mut attempt = 0;
    loop {
        let mut close = (1006, String::new());
        if let Err(error) = talk(&message, &mut attempt, &mut close) {
            close.1 = format!("{} ({error})", close.1);
        }
        let (code, reason) = close;
        eprintln!("closed: {code} {reason}");
        // 1008: sent too much; 4400 and above: for good. Coming back would not help.
        if code == 1000 || code == 1008 || code >= 4400 {
            return;
        }
        // 1 s, 2 s, 4 s … at most 30 s, not all clients at once; a restart says when.
        let hint = reason.split_once("retry-after=").and_then(|(_, rest)| {
            rest.split(' ').next().and_then(|seconds| seconds.parse::<f64>().ok())
        });
        let spread = f64::from(std::process::id() % 100) / 200.0;
        let wait = hint.unwrap_or(f64::from(30.min(1 << attempt.min(5))) * (0.5 + spread));
        attempt += 1;
        thread::sleep(Duration::from_secs_f64(wait));
    }
}

/// Sends the message and prints what arrives until the connection ends.
fn talk(message: &str, attempt: &mut u32, close: &mut (u16, String)) -> tungstenite::Result<()> {
//? public
    let (mut socket, _) = connect(URL)?;
//? private
    let mut request = URL.into_client_request()?;
    let key = env::var("CULVERT_KEY").expect("CULVERT_KEY is not set");
    let value = format!("Bearer {key}").parse().expect("the key is not valid");
    request.headers_mut().insert("Authorization", value);
    let (mut socket, _) = connect(request)?;
//? end
    *attempt = 0;
    socket.send(Message::text(message))?;
    loop {
        match socket.read()? {
            Message::Text(text) => println!("{text}"),
            Message::Binary(data) => println!("{} bytes of binary data", data.len()),
            Message::Close(Some(frame)) => *close = (frame.code.into(), frame.reason.to_string()),
            _ => {}
        }
    }
}
`,"./examples/websocat.sh.txt":`#!/bin/sh
# cargo install websocat (or Homebrew, or a file from github.com/vi/websocat/releases)
# sh websocat.sh [MESSAGE]
# It sends the message, then what you type, line by line, and prints what arrives.
URL="__URL__"
//? public
{ printf '%s\\n' "\${1:-hello}"; cat; } | websocat --linemode-strip-newlines "$URL"
//? private
{ printf '%s\\n' "\${1:-hello}"; cat; } |
  websocat --linemode-strip-newlines --header="Authorization: Bearer $CULVERT_KEY" "$URL"
//? end
`}),_=[{key:`browser`,name:`JavaScript`,file:`client.html`},{key:`node`,name:`Node.js`,file:`client.mjs`},{key:`node_built_in`,name:`Node.js ≥ 22`,file:`client-built-in.mjs`},{key:`python`,name:`Python`,file:`client.py`},{key:`go`,name:`Go`,file:`main.go`},{key:`java`,name:`Java`,file:`Client.java`},{key:`csharp`,name:`C#`,file:`Program.cs`},{key:`php`,name:`PHP`,file:`client.php`},{key:`ruby`,name:`Ruby`,file:`client.rb`},{key:`rust`,name:`Rust`,file:`main.rs`},{key:`swift`,name:`Swift`,file:`client.swift`},{key:`arduino`,name:`Arduino ESP32`,file:`client.ino`},{key:`websocat`,name:`websocat`,file:`websocat.sh`},{key:`curl`,name:`curl`,file:`curl.sh`}],v=({file:e})=>g[`./examples/${e}.txt`];function y(e,t){let n=new URL(t.url),r=n.protocol===`wss:`,i={end:!0,private:t.private,public:!t.private,tls:r,plain:!r},a=!0,o=e.split(`
`).filter(e=>{let t=/^\/\/\? (\w+)$/.exec(e);return t&&(a=i[t[1]]),a&&!t}),s={URL:t.url,HTTP_URL:t.url.replace(/^ws/,`http`),HOST:n.hostname,PORT:n.port||(r?`443`:`80`),PATH:n.pathname};return o.join(`
`).replace(/__(URL|HTTP_URL|HOST|PORT|PATH)__/g,(e,t)=>s[t])}var b=`example`;function x({endpoint:e}){let{t:c}=l(`code`),[u,d]=s(),f=n.useBreakpoint().md??!0,p=_.find(e=>e.key===u.get(b))??_[0],g=e=>d(t=>(t.set(b,e),t),{replace:!0}),x=t=>(0,m.jsx)(h,{example:t,note:c(`notes.${t.key}`),text:y(v(t),e)}),S=_.map(e=>({key:e.key,label:e.name,children:x(e)})),C=_.map(e=>({value:e.key,label:e.name}));return(0,m.jsxs)(i,{vertical:!0,gap:`middle`,children:[(0,m.jsx)(a.Paragraph,{style:{margin:0},children:c(`intro`)}),(0,m.jsx)(t,{type:`info`,showIcon:!0,title:e.private?c(`private.title`):c(`public.title`),description:e.private?c(`private.text`):c(`public.text`)}),f?(0,m.jsx)(o,{tabPlacement:`start`,activeKey:p.key,onChange:g,items:S}):(0,m.jsxs)(m.Fragment,{children:[(0,m.jsx)(r,{"aria-label":c(`language`),value:p.key,onChange:g,options:C}),x(p)]})]})}export{x as CodeExamples};