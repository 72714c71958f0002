// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Draft } from './payload'

const key = (endpoint: string, pane: number) => `culvert.draft.${endpoint}.${pane}`
const empty: Draft = { kind: 'text', text: 'hello' }

/** readDraft returns what was last written in a pane of an endpoint, in this tab. */
export function readDraft(endpoint: string, pane: number): Draft {
  try {
    const draft = JSON.parse(sessionStorage.getItem(key(endpoint, pane)) ?? '') as Draft
    return { kind: draft.kind, text: draft.text }
  } catch {
    return empty
  }
}

/** writeDraft keeps it until the tab is closed. */
export function writeDraft(endpoint: string, pane: number, draft: Draft): void {
  try {
    sessionStorage.setItem(key(endpoint, pane), JSON.stringify(draft))
  } catch {
    // Too large for the browser's store: it is then lost with the page, as without this.
  }
}
