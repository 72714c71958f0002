// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

/**
 * render makes a program of a template: it puts the endpoint's URL in, and of
 * the blocks that begin with a line `//? WORD` and end at the next such line
 * keeps those that hold for the endpoint.
 */
export function render(template: string, endpoint: Pick<Schema<'Endpoint'>, 'url' | 'private'>): string {
  const url = new URL(endpoint.url)
  const tls = url.protocol === 'wss:'
  const holds: Record<string, boolean> = {
    end: true,
    private: endpoint.private,
    public: !endpoint.private,
    tls,
    plain: !tls,
  }
  let keep = true
  const lines = template.split('\n').filter((line) => {
    const mark = /^\/\/\? (\w+)$/.exec(line)
    if (mark) keep = holds[mark[1]!]!
    return keep && !mark
  })
  const values: Record<string, string> = {
    URL: endpoint.url,
    HTTP_URL: endpoint.url.replace(/^ws/, 'http'),
    HOST: url.hostname,
    PORT: url.port || (tls ? '443' : '80'),
    PATH: url.pathname,
  }
  return lines.join('\n').replace(/__(URL|HTTP_URL|HOST|PORT|PATH)__/g, (_, name: string) => values[name]!)
}
