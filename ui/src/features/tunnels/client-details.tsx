// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Descriptions } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { useFormat } from '@/components/format'
import { Time } from '@/components/time'

import { Status } from './status'

/** ClientDetails are what the gateway knows of a client. `every`: for administrators, with its owner. */
export function ClientDetails({ client: c, every }: { client: Schema<'Client'>; every: boolean }) {
  const { t } = useTranslation('tunnels')
  const format = useFormat()
  const items = [
    { label: t('clients.status'), children: <Status status={c.status} /> },
    ...(every ? [{ label: t('clients.owner'), children: c.owner || t('clients.operator') }] : []),
    { label: t('clients.address'), children: c.address ?? '–' },
    {
      label: t('clients.last_seen'),
      children: c.status === 'online' ? t('clients.now') : <Time at={c.last_seen_at} />,
    },
    { label: t('clients.registered'), children: <Time at={c.registered_at} /> },
    { label: t('clients.sessions'), children: format.number(c.sessions) },
    { label: t('clients.bytes_in'), children: format.bytes(c.bytes_in) },
    { label: t('clients.bytes_out'), children: format.bytes(c.bytes_out) },
    { label: t('clients.parked'), children: format.number(c.parked) },
  ]
  return (
    <Descriptions
      bordered
      size="small"
      className="numbers"
      column={{ xs: 1, sm: 1, md: 2, xl: 3 }}
      items={items.map((item) => ({ key: item.label, ...item }))}
    />
  )
}
