// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'react'

import type { Schema } from '@/api/client'
import { ticketUrl } from '@/features/endpoints/ticket'
import type { Scope } from '@/live/stream'

import { Connection } from './connection'
import { MessageStore } from './message-store'
import type { Payload } from './messages'

/** Client is one connection of the console, and what it sent and received. */
export type Client = { connection: Connection; store: MessageStore; send: (data: Payload) => boolean }

/** useClient connects to an endpoint as long as the component is there. */
export function useClient(endpoint: Schema<'Endpoint'>, scope: Scope): Client {
  const [client] = useState(makeClient)
  useEffect(() => client.connection.to(() => ticketUrl(endpoint, scope)), [client, endpoint, scope])
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
