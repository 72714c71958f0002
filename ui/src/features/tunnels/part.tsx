// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'
import { Flex, Typography } from 'antd'

/** Part is a section of a screen, under a heading. */
export function Part({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  return (
    <Flex vertical gap="small" component="section">
      <Typography.Title level={2} style={{ fontSize: 18, margin: 0 }}>
        {title}
      </Typography.Title>
      {text && <Typography.Text>{text}</Typography.Text>}
      {children}
    </Flex>
  )
}
