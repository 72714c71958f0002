// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

/** publication is a public name for tests. */
export const publication: Schema<'Publication'> = {
  name: 'web-alice',
  kind: 'label',
  url: 'https://web-alice.apps.example.com',
  owner_id: 3,
  owner: 'alice',
  client: 'nas',
  service: 'web',
  protocol: 'http',
  status: 'online',
  access: { mode: 'open', has_password: false, visitors: [], allow: [], deny: [] },
  open: 2,
  requests: 1234,
}

/** port is a public port for tests. */
export const port: Schema<'Publication'> = {
  ...publication,
  name: 'tcp:20022',
  kind: 'tcp',
  url: 'tcp://gateway.example.com:20022',
  service: 'ssh',
  protocol: 'tcp',
  status: 'offline',
}
