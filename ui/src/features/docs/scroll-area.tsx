// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'

/** ScrollArea is for what may be wider than the screen. It takes the focus, so that keys scroll it, too. */
export function ScrollArea({ label, children }: { label: string; children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="doc-scroll" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}
