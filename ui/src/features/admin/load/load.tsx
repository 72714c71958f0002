// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Flex, Row } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { ErrorAlert } from '@/components/errors'
import { Page } from '@/components/page'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { useConnected } from '@/live/context'

import { LoadNumbers } from './load-numbers'
import { ProcessCharts } from './process-charts'
import { TrafficCharts } from './traffic-charts'

const each = 2000

/** LoadScreen shows how busy the gateway is, now and in the last minutes. */
export function LoadScreen() {
  const { t } = useTranslation(['admin', 'common'])
  const query = api.useQuery('get', '/admin/load', {}, { refetchInterval: each })
  const connected = useConnected('every')
  const { data, error } = query
  return (
    <Page title={t('common:nav.admin_load')}>
      {error && <ErrorAlert error={error} onRetry={() => void query.refetch()} />}
      {!data && !error && <ScreenSkeleton />}
      {data && (
        <Flex vertical gap="middle">
          <LoadNumbers load={data} />
          {!connected && <Alert type="info" showIcon title={t('load.connecting')} />}
          <Row gutter={[12, 12]}>
            <TrafficCharts />
            <ProcessCharts load={data} />
          </Row>
        </Flex>
      )}
    </Page>
  )
}
