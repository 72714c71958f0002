// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'
import { Typography } from 'antd'

/** Title is that of a part of the page. */
export function Title({ children }: { children: ReactNode }) {
  return (
    <Typography.Title level={2} style={{ fontSize: 16, marginTop: 0 }}>
      {children}
    </Typography.Title>
  )
}
