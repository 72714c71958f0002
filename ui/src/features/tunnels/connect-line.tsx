// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Flex, Form, InputNumber, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { Command } from '@/components/command'

import { connectCommand } from './commands'

/** What programs that speak a protocol expect; anything that is free will do. */
const ports: Record<string, number> = { udp: 5353, tcp: 2222 }
const otherPort = 3000

/** ConnectLine is the command that makes a service reachable on another machine. */
export function ConnectLine({
  client,
  service,
  protocol,
}: {
  client: string
  service: string
  protocol: string
}) {
  const { t } = useTranslation('tunnels')
  const [port, setPort] = useState(ports[protocol] ?? otherPort)
  const place = `${protocol === 'http' || protocol === 'ws' ? `${protocol}://` : ''}127.0.0.1:${port}`
  return (
    <Flex vertical gap="small">
      <Form layout="inline">
        <Form.Item label={t('connect.port')}>
          <InputNumber
            min={1}
            max={65_535}
            precision={0}
            value={port}
            onChange={(p) => p !== null && setPort(p)}
            aria-label={t('connect.port')}
          />
        </Form.Item>
      </Form>
      <Command text={connectCommand(client, service, port)} what={t('command')} />
      <Typography.Text type="secondary">{t('connect.then', { place })}</Typography.Text>
    </Flex>
  )
}
