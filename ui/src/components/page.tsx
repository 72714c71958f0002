// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, type ReactNode } from 'react'
import { Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { setTitle } from './title'

/**
 * Page is the frame of a screen: its title, which the browser shows too, what
 * can be done with the whole of it, and its content.
 */
export function Page({
  title,
  heading,
  actions,
  intro,
  children,
}: {
  title: string
  /** what stands in the title's place, with a PageTitle of the same words in it */
  heading?: ReactNode
  actions?: ReactNode
  intro?: ReactNode
  children: ReactNode
}) {
  const { t } = useTranslation()
  useEffect(() => setTitle(t('title', { page: title })), [t, title])
  return (
    <Flex vertical gap="middle" style={{ maxWidth: 1280 }}>
      <Flex justify="space-between" align="center" gap="middle" wrap>
        {heading ?? <PageTitle>{title}</PageTitle>}
        <Flex gap="small" wrap>
          {actions}
        </Flex>
      </Flex>
      {intro && <Typography.Paragraph type="secondary">{intro}</Typography.Paragraph>}
      {children}
    </Flex>
  )
}

/** PageTitle is the one heading of the first level that a screen has. */
export function PageTitle({ children }: { children: ReactNode }) {
  return (
    <Typography.Title level={1} style={{ fontSize: 24, margin: 0 }}>
      {children}
    </Typography.Title>
  )
}
