// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { TableProps } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import type { Schema } from '@/api/client'
import { useFormat } from '@/components/format'
import { Time } from '@/components/time'
import { Status } from '@/features/tunnels/status'

import { Owner } from '../owner'
import { ClientActions } from './client-actions'

type Client = Schema<'Client'>

/** useClientColumns returns the columns of the list of all clients. */
export function useClientColumns(): TableProps<Client>['columns'] {
  const { t } = useTranslation('admin')
  const format = useFormat()
  const number = { align: 'right', className: 'numbers' } as const
  return [
    {
      title: t('clients.name'),
      key: 'name',
      render: (_, c) => (
        <Link to={`/admin/clients/${c.owner_id}/${encodeURIComponent(c.name)}`}>{c.name}</Link>
      ),
    },
    { title: t('owner'), key: 'owner', render: (_, c) => <Owner id={c.owner_id} name={c.owner} /> },
    { title: t('clients.status'), key: 'status', render: (_, c) => <Status status={c.status} /> },
    { title: t('clients.services'), key: 'services', ...number, render: (_, c) => c.services?.length ?? 0 },
    { title: t('clients.sessions'), dataIndex: 'sessions', ...number },
    {
      title: t('clients.bytes'),
      key: 'bytes',
      ...number,
      render: (_, c) => format.bytes(c.bytes_in + c.bytes_out),
    },
    { title: t('clients.address'), dataIndex: 'address', render: (a?: string) => a ?? '–' },
    {
      title: t('clients.seen'),
      dataIndex: 'last_seen_at',
      render: (at?: string) => <Time at={at} none={t('never')} />,
    },
    { title: t('actions'), key: 'actions', render: (_, c) => <ClientActions client={c} /> },
  ]
}
