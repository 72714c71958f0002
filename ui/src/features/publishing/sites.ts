// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Publication } from './which'

/** siteOf is what URLs of names are made of here, such as https://*.apps.example.com: known once something has one. */
export function siteOf(list: readonly Publication[]): string | undefined {
  const known = list.find((p) => p.kind === 'label' && p.url)
  return known?.url?.replace(`//${known.name}.`, '//*.')
}

/** upstreamOf is how a reverse_proxy calls a service. */
export const upstreamOf = (p: Pick<Publication, 'client' | 'service' | 'owner_id' | 'owner'>) =>
  `culvert/${p.service}.${p.client}${p.owner_id ? `.${p.owner}` : ''}`
