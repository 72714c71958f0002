// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, type ReactNode } from 'react'
import { Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

/**
 * Page is the frame of a screen: its title, which the browser shows too, what
 * can be done with the whole of it, and its content.
 */
export function Page({
  title,
  actions,
  intro,
  children,
}: {
  title: string
  actions?: ReactNode
  intro?: ReactNode
  children: ReactNode
}) {
  const { t } = useTranslation()
  useEffect(() => {
    document.title = t('title', { page: title })
  }, [t, title])
  return (
    <Flex vertical gap="middle" style={{ maxWidth: 1280 }}>
      <Flex justify="space-between" align="center" gap="middle" wrap>
        <Typography.Title level={1} style={{ fontSize: 24, margin: 0 }}>
          {title}
        </Typography.Title>
        <Flex gap="small" wrap>
          {actions}
        </Flex>
      </Flex>
      {intro && <Typography.Paragraph type="secondary">{intro}</Typography.Paragraph>}
      {children}
    </Flex>
  )
}
