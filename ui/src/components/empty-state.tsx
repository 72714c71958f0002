// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'
import { Empty, Typography } from 'antd'

/** EmptyState says what would be here, and has the one action that brings it. */
export function EmptyState({ title, text, action }: { title: string; text?: string; action?: ReactNode }) {
  return (
    <Empty
      image={Empty.PRESENTED_IMAGE_SIMPLE}
      description={
        <>
          <Typography.Text strong>{title}</Typography.Text>
          {text && <Typography.Paragraph type="secondary">{text}</Typography.Paragraph>}
        </>
      }
    >
      {action}
    </Empty>
  )
}
