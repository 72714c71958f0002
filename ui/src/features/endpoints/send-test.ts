// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { fetcher } from '@/api/client'
import type { Scope } from '@/live/stream'

import { at, byId, type Endpoint } from './scope'
import { ticketUrl } from './ticket'

/** How long is looked for clients that get the message, in milliseconds between looks. */
const looks = [100, 300, 600, 1000]
const patience = 10_000

/** TestResult says how many other clients were connected, and how many of them got the message. */
export type TestResult = { others: number; got: number }

/** NotLetIn says that the endpoint refused the page's connection; a browser does not tell why. */
export class NotLetIn extends Error {}

/** sendTest connects to an endpoint, sends a text to all who are there, and looks who got it. */
export async function sendTest(endpoint: Endpoint, scope: Scope, text: string): Promise<TestResult> {
  const socket = await open(await ticketUrl(endpoint, scope))
  try {
    const before = await stats(endpoint.id, scope)
    socket.send(text)
    let got = 0
    let others = before.connections - 1
    for (const wait of looks) {
      await new Promise((done) => setTimeout(done, wait))
      const after = await stats(endpoint.id, scope)
      others = Math.max(0, Math.min(others, after.connections - 1))
      got = Math.min(others, after.messages_out - before.messages_out)
      if (got === others) break
    }
    return { others, got }
  } finally {
    socket.close(1000)
  }
}

async function stats(id: string, scope: Scope) {
  const { data } = await fetcher.GET(at(scope, '/endpoints/{id}'), byId(id))
  return data!.stats
}

function open(url: string): Promise<WebSocket> {
  return new Promise((done, fail) => {
    const socket = new WebSocket(url)
    const refuse = () => {
      clearTimeout(timer)
      socket.close()
      fail(new NotLetIn())
    }
    const timer = setTimeout(refuse, patience)
    socket.onerror = refuse
    socket.onopen = () => {
      clearTimeout(timer)
      done(socket)
    }
  })
}
