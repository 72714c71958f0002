// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

import type { Endpoint } from '@/features/endpoints/scope'

const rates: Schema<'Rates'> = { messages_in: 0, messages_out: 0, bytes_in: 0, bytes_out: 0, dropped: 0 }

/** example is an endpoint for tests. */
export const example: Endpoint = {
  id: 'Zk3vJ0y4Q9m1xT7uWbR2sA',
  name: 'Doorbell',
  url: 'wss://example.com/ws/Zk3vJ0y4Q9m1xT7uWbR2sA',
  owner_id: 1,
  owner: 'alice',
  created_at: '2026-01-02T03:04:05Z',
  version: 3,
  private: false,
  settings: {
    compression: false,
    origins: [],
    max_message_size: 0,
    max_connections: 0,
    messages_per_second: 0,
    bytes_per_second: 0,
    endpoint_messages_per_second: 0,
    endpoint_bytes_per_second: 0,
  },
  stats: {
    connections: 2,
    total_connections: 9,
    messages_in: 100,
    bytes_in: 2000,
    messages_out: 200,
    bytes_out: 4000,
    dropped: 1,
    rates,
  },
}
