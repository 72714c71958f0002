// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** Wish is what shall be published: a website under a name, or a port. An empty name and no public port leave the choice. */
export type Wish = { kind: 'http' | 'tcp' | 'udp'; port: number; name: string; publicPort?: number }

/** What labels and own domains look like: the client's rule. */
export const hostPattern =
  /^(?=.{1,253}$)[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*$/i

/** publishCommand publishes until it is ended. */
export function publishCommand({ kind, port, name, publicPort }: Wish): string {
  const more = kind === 'http' ? name && ` --name ${name}` : publicPort ? ` --port ${publicPort}` : ''
  return `tunnelclient ${kind} ${port}${more}`
}

/** hostOf is the name that the command chooses if none is given. */
export const hostOf = ({ name, port }: Wish) => name || `http-${port}`

/** publishConfig has the lines of the client's configuration that do the same for good. */
export function publishConfig(wish: Wish): string {
  const { kind, port, name, publicPort } = wish
  const id = kind !== 'http' ? `${kind}-${port}` : name.includes('.') || !name ? 'web' : name
  const publish = kind === 'http' ? `{host: ${hostOf(wish)}}` : `{${kind}: ${publicPort ?? 0}}`
  return [
    'services:',
    `  - id: ${id}`,
    `    protocol: ${kind}`,
    `    localPort: ${port}`,
    `    publish: ${publish}`,
  ].join('\n')
}

/** labelOf is the gateway's name for a host of an account's: host-account, and a domain as it is. */
export function labelOf(host: string, account: string): string {
  if (host.includes('.')) return host.toLowerCase()
  return `${host}-${account.replaceAll('_', '-').replace(/^-+|-+$/g, '')}`.toLowerCase()
}
