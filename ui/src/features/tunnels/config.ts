// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

/**
 * configFile is a configuration for tunnelclient, as docs/client.md describes
 * it. Without `tokenFile` the client uses the token of `tunnelclient login`.
 */
export function configFile({
  server,
  name,
  services,
  tokenFile,
}: {
  server: string
  name: string
  services: Schema<'ClientService'>[]
  tokenFile?: string
}): string {
  const config = {
    serverUrl: server,
    clientId: name,
    ...(tokenFile && { tokenFile }),
    ...(services.length && {
      services: services.map((s) => ({
        id: s.id,
        protocol: s.protocol,
        ...(s.local_port && { localPort: s.local_port }),
        localHost: s.local_host || 'localhost',
        ...(s.description && { description: s.description }),
      })),
    }),
  }
  return JSON.stringify(config, null, 2)
}
