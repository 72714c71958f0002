// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { ShareAltOutlined } from '@ant-design/icons'
import { Button, Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { GiveGrant } from './give-grant'
import { GrantsTable } from './grants-table'

/** GrantsTab lists which services the account shares, and which others share with it. */
export function GrantsTab() {
  const { t } = useTranslation('tunnels')
  const [giving, setGiving] = useState(false)
  const list = api.useQuery('get', '/grants')
  if (list.error) return <ErrorAlert error={list.error} onRetry={() => void list.refetch()} />
  if (list.isPending) return <ScreenSkeleton />
  const all = list.data.items ?? []
  const give = (
    <Button type="primary" icon={<ShareAltOutlined aria-hidden />} onClick={() => setGiving(true)}>
      {t('grants.give')}
    </Button>
  )
  return (
    <Flex vertical gap="middle">
      <GiveGrant open={giving} onClose={() => setGiving(false)} />
      {all.length === 0 ? (
        <EmptyState title={t('grants.empty')} text={t('grants.empty_text')} action={give} />
      ) : (
        <>
          <div>{give}</div>
          <Typography.Title level={2} style={{ fontSize: 18, margin: 0 }}>
            {t('grants.given')}
          </Typography.Title>
          <GrantsTable grants={all.filter((g) => g.given)} given />
          <Typography.Title level={2} style={{ fontSize: 18, margin: 0 }}>
            {t('grants.received')}
          </Typography.Title>
          <GrantsTable grants={all.filter((g) => !g.given)} />
        </>
      )}
    </Flex>
  )
}
