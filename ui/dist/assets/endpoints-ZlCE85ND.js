var e=`# Endpoints

[中文](endpoints.zh-CN.md)

An endpoint is a URL like \`wss://example.com/ws/Zk3vJ0y4Q9m1xT7uWbR2sA\`. Any WebSocket client that has the URL can connect. What one client sends, every other client of that endpoint receives.

The last part of the URL is the endpoint's id: 128 random bits in 22 characters. It is all that protects a public endpoint, so share it as you would a password. Use \`wss://\` outside your own machine.

## What it promises

- **One order.** All receivers see all messages in the same order.
- **No echo.** A client does not receive what it sent itself. Two connections of one program are two clients.
- **Untouched.** A text message arrives as text and a binary message as binary, byte for byte. Fragments are joined: a message arrives whole.
- **Text is UTF-8.** Text that is not UTF-8 closes its sender with 1007; otherwise it would close every browser that receives it.
- **From now on.** A client receives what is sent after it has connected. There is no history.
- **Nobody waits for a slow receiver.** One that falls too far behind is closed with 1013. What it received before that is complete and in order.
- **At most once.** A message that was accepted is delivered to those who stay connected. There is no acknowledgement: if your program needs one, send it as a message.

The gateway does not read messages, and does not store them. It ignores cookies. A client that offers subprotocols is given its first one, which means nothing to the gateway unless it is a key.

An endpoint that nobody uses for 90 days is removed (\`idle_removal\`); for the last 7 of them its owner sees when. Who is connected uses it.

## Private endpoints

A private endpoint also asks for a key. To whoever has none it does not exist: the answer is that for an unknown id. The key (\`cvk_…\`) is shown once, when it is made (\`POST /api/v1/endpoints/ID/key\`), and kept as a hash. Making one closes all connections with 4412. Clients send it in one of three ways:

- Programs: the header \`Authorization: Bearer cvk_…\`.
- Pages: as a subprotocol, \`new WebSocket(url, ["culvert.key." + key, "chat"])\`. The gateway chooses the first of the others; if there is none, it has to answer with the key itself.
- Pages that shall not have the key: a ticket. Your server asks for one (\`POST /api/v1/endpoints/ID/tickets\`) and hands it to the page, which adds \`?ticket=…\` to the URL. It opens one connection within 30 seconds.

A key never stands in a URL. The gateway's access log leaves out requests that hold a key as a subprotocol, or a ticket; a proxy in front of it may log them.

## Limits

| limit | default | over it |
| --- | --- | --- |
| message size, after joining and inflation | 1 MiB | sender closed with 1009 |
| connections per endpoint | 10,000 | handshake answered 503 \`endpoint_full\` |
| connections of all endpoints of an account | none | handshake answered 503 \`account_full\` |
| bytes of an account in a month, over endpoints and tunnels | none | connections closed with 4429, handshakes answered 429 \`quota_exceeded\` |
| messages or bytes a second, per connection | none | that connection closed with 1008 |
| messages or bytes a second, per endpoint | none | the connection that went over it closed with 1013 |
| how far a receiver may lag | 16 MiB of messages | receiver closed with 1013 |
| answer to a ping | 10 s | connection cut, which the client sees as 1006 |

Rates allow a burst of one second's worth. The reason of a close names the limit, in the words of the Caddyfile. The operator sets the defaults there; an endpoint can have its own, with a message size of at most 64 MiB:

\`\`\`sh
culvert endpoint set ID --max-message-size 4MiB --message-rate 100
\`\`\`

**Traffic of a month.** When an account has used 80 % and 100 % of its bytes, the gateway logs it, counts it (\`culvert_quota_events_total\`) and emits the Caddy events \`culvert_quota_warning\` and \`culvert_quota_exceeded\` with the account, the month and the bytes, which the global option \`events\` can hook. The limit holds from the second after it is reached.

**Pings.** The gateway sends a ping every 25 seconds, which keeps the connection open through proxies. Clients answer by themselves; browsers do. You need no heartbeat of your own to keep a connection, but a client that must notice a dead network quickly should send something and expect an answer from its peer.

**Compression** (permessage-deflate) is off. \`culvert endpoint set ID --compression\` offers it to clients that ask for it. It pays for large text on slow networks and costs the gateway time; messages under 512 bytes, and those that do not get shorter, are sent as they are. A client that asks for a window of its own size on the gateway's side gets no compression.

**Origins.** Any page may connect, unless the endpoint has a list: \`culvert endpoint set ID --origin https://app.example.com\`. The list is for browsers, which cannot lie about it; programs that send no \`Origin\` header are let in.

## Close codes

| code | why | what to do |
| --- | --- | --- |
| 1001 | the gateway was taken out of the server's configuration | try again later |
| 1002 | the client broke the WebSocket protocol | correct the client |
| 1007 | text that is not UTF-8, or compressed data that is damaged | send what is not text as binary |
| 1008 | this connection sent more than its rate allows | send less, then reconnect |
| 1009 | the message is too big | send smaller messages |
| 1012 | the gateway restarts; the reason ends in \`retry-after=SECONDS\` | reconnect after that time |
| 1013 | this client is too slow, or the endpoint's rate was exceeded, or memory is short | reconnect after a while |
| 4403 | the client's address was blocked, or the account disabled | do not reconnect |
| 4410 | the endpoint was deleted, or has another id | do not reconnect |
| 4411 | the endpoint's owner or an administrator closed this connection | do not reconnect by yourself |
| 4412 | the endpoint has become private, or has a new key | get the key, then reconnect |
| 4429 | the account has used up its traffic of this month | try again next month |
| 1006 | no close frame came: the network, or the process, was cut | reconnect |

A close that the client begins is answered with the client's own code.

## Refused handshakes

The answer is JSON: \`{"code": "…", "message": "…", "details": {…}}\`. Codes are stable, messages are for people. Browsers do not show the answer to a page; look at it with \`curl -i\`, or in the developer tools.

| status | code | why |
| --- | --- | --- |
| 400, 405 | \`bad_handshake\` | the handshake breaks the WebSocket protocol; the message says how |
| 400 | \`body_not_allowed\` | the handshake has a body |
| 403 | \`blocked\` | the gateway's operator has blocked this address |
| 403 | \`origin_not_allowed\` | the endpoint has a list of origins, and the page's is not on it |
| 404 | \`endpoint_not_found\` | there is no such endpoint, or it was deleted, or it is private and the key is wrong or missing |
| 426 | \`upgrade_required\` | the request is no WebSocket handshake |
| 429 | \`quota_exceeded\` | the account has used up its traffic of this month |
| 501 | \`extended_connect_unsupported\` | WebSocket over HTTP/2 or HTTP/3; connect with HTTP/1.1, as browsers then do by themselves |
| 503 | \`endpoint_full\` | the endpoint has all the connections it may have |
| 503 | \`account_full\` | the endpoints of the account have all the connections they may have |
| 503 | \`overloaded\` | the gateway has no file descriptors left |
| 503 | \`gateway_not_ready\`, \`stopping\` | the gateway starts or stops just now |

A 503 has a \`Retry-After\` header.

## Reconnecting

A good client comes back by itself, waits longer each time, not at the same moment as all others, and listens to \`retry-after\`. For browsers, and for Node from version 22:

\`\`\`js
function connect(url, onMessage) {
  let socket, attempt = 0;

  function open() {
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { attempt = 0; };
    socket.onmessage = (event) => onMessage(event.data);
    socket.onclose = ({ code, reason }) => {
      if (code === 1000 || code === 1008 || code >= 4400) return; // closed by us, sent too much, or for good: see the table
      // 1 s, 2 s, 4 s … at most 30 s, each at a random point of its second half.
      let wait = Math.min(30, 2 ** attempt++) * (0.5 + Math.random() / 2);
      const hint = /retry-after=([\\d.]+)$/.exec(reason);
      if (hint) wait = Number(hint[1]);
      setTimeout(open, wait * 1000);
    };
  }

  open();
  return {
    send: (data) => socket.readyState === WebSocket.OPEN && socket.send(data),
    close: () => socket.close(1000),
  };
}
\`\`\`

What was sent while a client was away is lost to it. If that matters, number your messages and have a peer repeat what is missing.

## Watching an endpoint

\`culvert endpoint list --json\` shows counters: connections, messages and bytes in and out, and messages dropped. \`culvert endpoint log ID\` shows when clients came and went, from which address, and why they ended. With Caddy's \`metrics\` the sums over all endpoints are at \`/metrics\`, under names that begin with \`culvert_\`.
`;export{e as default};