// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'react'
import { Flex, InputNumber, Switch } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Payload } from './messages'
import type { Client } from './use-client'

const fastest = 10
const slowest = 3_600_000

/** Repeater sends a message again and again, as it is when it is switched on, until the connection ends. */
export function Repeater({ client, payload }: { client: Client; payload: Payload | null }) {
  const { t } = useTranslation('console')
  const [ms, setMs] = useState(1000)
  const [repeated, setRepeated] = useState<Payload | null>(null)
  useEffect(() => {
    if (repeated === null) return
    const timer = setInterval(() => {
      if (!client.connection.congested) client.send(repeated)
    }, ms)
    const stop = client.connection.subscribe(() => {
      if (client.connection.state.kind !== 'open') setRepeated(null)
    })
    return () => {
      clearInterval(timer)
      stop()
    }
  }, [client, ms, repeated])
  const on = repeated !== null
  return (
    <Flex gap={4} align="center">
      <Switch
        size="small"
        aria-label={t('repeat.label')}
        checked={on}
        disabled={!on && payload === null}
        onChange={(checked) => setRepeated(checked ? payload : null)}
      />
      <span>{t('repeat.every')}</span>
      <InputNumber
        className="console-interval"
        aria-label={t('repeat.interval')}
        min={fastest}
        max={slowest}
        precision={0}
        value={ms}
        onChange={(value) => setMs(value ?? 1000)}
        suffix={t('repeat.ms')}
      />
    </Flex>
  )
}
