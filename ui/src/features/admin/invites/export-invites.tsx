// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { DownloadOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { fetcher, type Schema } from '@/api/client'
import { download } from '@/components/download'
import { useFail } from '@/components/use-fail'

import { csv } from '../csv'
import type { InviteState } from './states'

const columns = [
  'id',
  'state',
  'note',
  'created_at',
  'expires_at',
  'used_by',
  'used_at',
  'revoked_at',
] as const satisfies (keyof Schema<'Invite'>)[]

/** ExportInvites saves the list, all pages of it, as a table. */
export function ExportInvites({ state }: { state: InviteState | undefined }) {
  const { t } = useTranslation('admin')
  const fail = useFail()
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      download('culvert-invites.csv', 'text/csv', csv(columns, await all(state)))
    } catch (error) {
      fail(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button icon={<DownloadOutlined aria-hidden />} loading={busy} onClick={() => void save()}>
      {t('download_csv')}
    </Button>
  )
}

async function all(state: InviteState | undefined): Promise<Schema<'Invite'>[]> {
  const list: Schema<'Invite'>[] = []
  let after: string | undefined
  do {
    const { data } = await fetcher.GET('/admin/invites', { params: { query: { state, after, limit: 200 } } })
    list.push(...(data?.items ?? []))
    after = data?.next
  } while (after)
  return list
}
