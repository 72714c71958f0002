// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Descriptions, Flex, Table, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { useFormat } from '@/components/format'

import { diff } from './diff'

/** Details shows what an entry changed, and what it was done with. */
export function Details({ entry }: { entry: Schema<'AuditEntry'> }) {
  const { t } = useTranslation('admin')
  const format = useFormat()
  const lines = diff(entry.before, entry.after)
  const text = (value?: string) => (
    <Typography.Text className="mono" style={{ whiteSpace: 'pre-wrap', wordBreak: 'break-word' }}>
      {value ?? '–'}
    </Typography.Text>
  )
  return (
    <Flex vertical gap="small">
      <Descriptions
        size="small"
        column={1}
        items={[
          { key: 'time', label: t('audit.time'), children: format.time(new Date(entry.time)) },
          { key: 'agent', label: t('audit.agent'), children: entry.agent ?? '–' },
        ]}
      />
      {lines.length > 0 && (
        <Table
          size="small"
          aria-label={t('audit.changes')}
          rowKey="field"
          dataSource={lines}
          pagination={false}
          columns={[
            {
              title: t('audit.field'),
              dataIndex: 'field',
              render: (f: string) => text(f || t('audit.value')),
            },
            ...(entry.before === undefined
              ? []
              : [{ title: t('audit.before'), dataIndex: 'before', render: text }]),
            ...(entry.after === undefined
              ? []
              : [{ title: t('audit.after'), dataIndex: 'after', render: text }]),
          ]}
        />
      )}
    </Flex>
  )
}
