// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { ErrorAlert } from '@/components/errors'
import { useFormat } from '@/components/format'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { Time } from '@/components/time'

import { StreamsTable } from './streams-table'
import { useStreams, type Which } from './which'

/** ClientStreams are a client's connections as it has told last; the gateway cannot see them. */
export function ClientStreams({ which, leaving }: { which: Which; leaving: boolean }) {
  const { t } = useTranslation('tunnels')
  const format = useFormat()
  const { data, error, refetch } = useStreams(which, leaving)
  if (error) return <ErrorAlert error={error} onRetry={() => void refetch()} />
  if (!data) return <ScreenSkeleton rows={3} />
  return (
    <>
      <StreamsTable streams={data.items ?? []} />
      {data.reported_at && (
        <Typography.Text type="secondary">
          {data.total > (data.items?.length ?? 0) &&
            `${t('streams.busiest', { shown: format.number(data.items?.length ?? 0), total: format.number(data.total) })} `}
          {t('streams.reported')} <Time at={data.reported_at} />
        </Typography.Text>
      )}
    </>
  )
}
