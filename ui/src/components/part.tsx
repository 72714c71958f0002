// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'
import { Flex, Typography } from 'antd'

/** Part is a section of a screen: its heading, what can be done with it, and what stands below. */
export function Part({
  title,
  intro,
  actions,
  children,
}: {
  title: string
  intro?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <Flex vertical gap="small" component="section">
      <Flex justify="space-between" align="center" gap="small" wrap>
        <Typography.Title level={2} style={{ fontSize: 18, margin: 0 }}>
          {title}
        </Typography.Title>
        {actions && (
          <Flex gap="small" wrap>
            {actions}
          </Flex>
        )}
      </Flex>
      {intro && (
        <Typography.Paragraph type="secondary" style={{ margin: 0, maxWidth: 720 }}>
          {intro}
        </Typography.Paragraph>
      )}
      {children}
    </Flex>
  )
}
