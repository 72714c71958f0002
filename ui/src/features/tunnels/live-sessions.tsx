// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { api } from '@/api/client'
import { ErrorAlert } from '@/components/errors'
import { More } from '@/components/more'
import { items, pageParams } from '@/components/pages'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { refreshEach } from './names'
import { SessionsTable } from './sessions-table'

/** LiveSessions are those of the account that go on. */
export function LiveSessions() {
  const list = api.useInfiniteQuery('get', '/sessions', {}, { ...pageParams, refetchInterval: refreshEach })
  if (list.error) return <ErrorAlert error={list.error} onRetry={() => void list.refetch()} />
  if (list.isPending) return <ScreenSkeleton rows={3} />
  return (
    <>
      <SessionsTable sessions={items(list.data)} />
      <More query={list} />
    </>
  )
}
