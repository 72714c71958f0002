// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// A tunnel client in another language that knows only the first design's
// messages and fields, and nothing of ours. It moves no data: docs/protocol.md
// says what it would need for that.
//
//   CULVERT_TOKEN=... node seed-client.mjs URL CLIENT_ID [SERVICES]
//
// SERVICES is JSON; a service whose id begins with "private" is rejected with
// a reason, others are accepted. Each line of stdin is something to do:
//
//   list | connect CLIENT_ID SERVICE_ID LABEL | heartbeat | unregister
//
// Each message that arrives is a line of JSON on stdout.

import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const [url, clientId, services = "[]"] = process.argv.slice(2);
const say = (event) => console.log(JSON.stringify(event));

const socket = new WebSocket(url, {
  headers: { authorization: `Bearer ${process.env.CULVERT_TOKEN}` },
});
const send = (type, payload) => socket.send(JSON.stringify({ type, payload }));

socket.on("open", () => send("register", { clientId, services: JSON.parse(services) }));

socket.on("message", (data, isBinary) => {
  if (isBinary) throw new Error("a binary message arrived");
  const message = JSON.parse(data);
  say(message);
  if (message.type !== "connect_request") return;
  const { sessionId, serviceId } = message.payload;
  if (serviceId.startsWith("private")) {
    send("reject_session", { sessionId, reason: `${serviceId} is not for everybody` });
  } else {
    send("accept_session", { sessionId });
  }
});

socket.on("close", (code, reason) => {
  say({ type: "closed", payload: { code, reason: String(reason) } });
  process.exit(0);
});

socket.on("unexpected-response", (_request, response) => {
  say({ type: "refused", payload: { status: response.statusCode } });
  process.exit(0);
});

socket.on("error", (error) => {
  say({ type: "failed", payload: { error: error.message } });
  process.exit(1);
});

const actions = {
  list: () => send("get_client_list"),
  connect: (toClientId, serviceId, sessionId) =>
    send("connect_request", { fromClientId: clientId, toClientId, serviceId, sessionId }),
  heartbeat: () => send("heartbeat", { timestamp: Date.now() }),
  unregister: () => send("unregister"),
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [action, ...words] = line.split(" ");
    actions[action](...words);
  })
  .on("close", () => socket.close(1000));
