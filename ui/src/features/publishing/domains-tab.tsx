// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { PlusOutlined } from '@ant-design/icons'
import { Button, Flex } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { AddDomain } from './add-domain'
import { DomainsTable } from './domains-table'

/** DomainsTab lists the domains that are known to be the account's, and makes others so. */
export function DomainsTab() {
  const { t } = useTranslation('publishing')
  const [adding, setAdding] = useState(false)
  const list = api.useQuery('get', '/domains')
  if (list.error) return <ErrorAlert error={list.error} onRetry={() => void list.refetch()} />
  if (list.isPending) return <ScreenSkeleton />
  const domains = list.data.items ?? []
  const add = (
    <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setAdding(true)}>
      {t('domains.add')}
    </Button>
  )
  return (
    <Flex vertical gap="middle">
      <AddDomain open={adding} onClose={() => setAdding(false)} />
      {domains.length ? (
        <>
          <div>{add}</div>
          <DomainsTable domains={domains} />
        </>
      ) : (
        <EmptyState title={t('domains.empty')} text={t('domains.empty_text')} action={add} />
      )}
    </Flex>
  )
}
