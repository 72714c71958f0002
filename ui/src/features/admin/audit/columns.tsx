// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { TableProps } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { Time } from '@/components/time'

import { Owner } from '../owner'
import { useActionText } from './use-action-text'

type Entry = Schema<'AuditEntry'>

/** useAuditColumns returns the columns of the audit log. */
export function useAuditColumns(): TableProps<Entry>['columns'] {
  const { t } = useTranslation('admin')
  const text = useActionText()
  return [
    { title: t('audit.time'), dataIndex: 'time', render: (at: string) => <Time at={at} /> },
    {
      title: t('audit.actor'),
      key: 'actor',
      render: (_, e) =>
        e.actor_id ? <Owner id={e.actor_id} name={e.actor} /> : e.actor || t('audit.stranger'),
    },
    { title: t('audit.action'), key: 'action', render: (_, e) => text(e.action) },
    {
      title: t('audit.target'),
      dataIndex: 'target',
      render: (target?: string) => <span className="mono">{target ?? '–'}</span>,
    },
    { title: t('audit.address'), dataIndex: 'address', render: (a: string) => a || '–' },
  ]
}
