// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'
import { Flex, Table, type TableProps } from 'antd'

import { ErrorAlert } from '@/components/errors'
import { More } from '@/components/more'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { scrollByKeys } from '@/components/scroll-by-keys'

type Query = {
  isPending: boolean
  error: unknown
  refetch: () => unknown
  hasNextPage?: boolean
  isFetchingNextPage?: boolean
  fetchNextPage?: () => unknown
}

/**
 * ListTable is a list of the API in all its states: it loads, it failed, there
 * is nothing (`empty`), or a table and what fetches more of it.
 */
export function ListTable<Row extends object>({
  query,
  rows,
  label,
  empty,
  ...table
}: Pick<TableProps<Row>, 'columns' | 'rowKey' | 'expandable' | 'size'> & {
  query: Query
  rows: Row[]
  label: string
  empty: ReactNode
}) {
  if (query.isPending) return <ScreenSkeleton />
  const { hasNextPage = false, isFetchingNextPage = false, fetchNextPage = () => undefined } = query
  return (
    <Flex vertical gap="middle">
      {query.error != null && <ErrorAlert error={query.error} onRetry={() => void query.refetch()} />}
      {rows.length > 0 && (
        <Table<Row>
          ref={scrollByKeys}
          aria-label={label}
          dataSource={rows}
          pagination={false}
          scroll={{ x: 'max-content' }}
          {...table}
        />
      )}
      {rows.length === 0 && query.error == null && !hasNextPage && empty}
      <More query={{ hasNextPage, isFetchingNextPage, fetchNextPage }} />
    </Flex>
  )
}
