// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Card, Col, Row, Statistic } from 'antd'
import { useTranslation } from 'react-i18next'

import { useFormat } from '@/components/format'
import { useConnected, useLive } from '@/live/context'

import { Throughput } from './throughput'

/** Overview shows the account's tunnels as they are this second. */
export function Overview() {
  const { t } = useTranslation(['tunnels', 'common'])
  const format = useFormat()
  const live = useLive()
  const connected = useConnected()
  const numbers = [
    { key: 'clients', value: live && format.number(live.clients) },
    { key: 'sessions', value: live && format.number(live.sessions) },
    { key: 'throughput', value: live && format.byteRate(live.tunnel_bytes) },
  ] as const
  return (
    <Row gutter={[16, 16]}>
      <Col xs={24} lg={7}>
        <Card size="small" style={{ height: '100%' }} aria-busy={!connected}>
          <Row gutter={[16, 12]}>
            {numbers.map(({ key, value }) => (
              <Col key={key} xs={8} lg={24}>
                <Statistic
                  className="numbers"
                  title={t(`overview.${key}`)}
                  value={value ?? '–'}
                  formatter={String}
                />
              </Col>
            ))}
          </Row>
        </Card>
      </Col>
      <Col xs={24} lg={17}>
        <Throughput />
      </Col>
    </Row>
  )
}
