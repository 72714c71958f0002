// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'react'

import { fetcher, type Schema } from '@/api/client'

import { Connection } from './connection'
import { MessageStore } from './message-store'
import type { Payload } from './messages'

/** Client is one connection of the console, and what it sent and received. */
export type Client = { connection: Connection; store: MessageStore; send: (data: Payload) => boolean }

/** useClient connects to an endpoint as long as the component is there. */
export function useClient(endpoint: Schema<'Endpoint'>, scope: 'own' | 'every'): Client {
  const [client] = useState(makeClient)
  useEffect(() => client.connection.to(() => address(endpoint, scope)), [client, endpoint, scope])
  useEffect(() => {
    client.connection.connect()
    return client.connection.disconnect
  }, [client])
  return client
}

function makeClient(): Client {
  const store = new MessageStore()
  const connection = new Connection((data) => store.push({ direction: 'received', at: Date.now(), data }))
  const send = (data: Payload) => {
    const sent = connection.send(data)
    if (sent) store.push({ direction: 'sent', at: Date.now(), data })
    return sent
  }
  return { connection, store, send }
}

/** address is where to connect once: a ticket opens one connection, and no key is in a page. */
async function address(endpoint: Schema<'Endpoint'>, scope: 'own' | 'every'): Promise<string> {
  if (!endpoint.private) return endpoint.url
  const init = { params: { path: { id: endpoint.id } } }
  const { data } =
    scope === 'own'
      ? await fetcher.POST('/endpoints/{id}/tickets', init)
      : await fetcher.POST('/admin/endpoints/{id}/tickets', init)
  return `${endpoint.url}?ticket=${encodeURIComponent(data!.ticket)}`
}
