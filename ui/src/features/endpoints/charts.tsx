// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Segmented, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { HistoryCharts } from './history-charts'
import { LiveCharts } from './live-charts'
import type { PartProps } from './scope'

const spans = ['live', 'day', 'quarter'] as const
type Span = (typeof spans)[number]

/** Charts draw an endpoint's traffic: five minutes as it happens, a day, or 90 days. */
export function Charts(part: PartProps) {
  const { t } = useTranslation('endpoints')
  const [params, setParams] = useSearchParams()
  const span = spans.find((s) => s === params.get('span')) ?? 'live'
  return (
    <Flex vertical gap="middle">
      <Flex gap="middle" align="center" wrap>
        <Segmented<Span>
          aria-label={t('charts.span')}
          value={span}
          onChange={(s) => setParams({ span: s }, { replace: true })}
          options={spans.map((value) => ({ value, label: t(`charts.spans.${value}`) }))}
        />
        <Typography.Text type="secondary">{t(`charts.about.${span}`)}</Typography.Text>
      </Flex>
      {span === 'live' ? (
        <LiveCharts {...part} show={['messages', 'bytes', 'connections', 'dropped']} />
      ) : (
        <HistoryCharts key={span} {...part} span={span} />
      )}
    </Flex>
  )
}
