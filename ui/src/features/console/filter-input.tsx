// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'react'
import { SearchOutlined } from '@ant-design/icons'
import { Button, Flex, Input, Select, Space, Tooltip, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { binaryLook, compile, everything } from './filter'
import type { MessageStore } from './message-store'

const directions = ['both', 'received', 'sent'] as const

/**
 * FilterInput has the list show what contains a text, or what an expression
 * matches. It has the filter to itself: nothing else is made anew by a key.
 */
export function FilterInput({ store }: { store: MessageStore }) {
  const { t } = useTranslation('console')
  const [filter, setFilter] = useState(everything)
  const invalid = compile(filter) === undefined
  useEffect(() => {
    const test = compile(filter)
    // What is being written is often no valid expression yet: the list stays as it was.
    if (test !== undefined) store.filter(test)
  }, [store, filter])
  return (
    <Flex vertical gap={4}>
      <Space.Compact block>
        <Select
          aria-label={t('direction.label')}
          value={filter.direction}
          onChange={(direction) => setFilter({ ...filter, direction })}
          options={directions.map((value) => ({ value, label: t(`direction.${value}`) }))}
          popupMatchSelectWidth={false}
        />
        <Input
          allowClear
          prefix={<SearchOutlined aria-hidden />}
          aria-label={t('filter.label')}
          aria-invalid={invalid}
          placeholder={filter.regex ? t('filter.regex_placeholder') : t('filter.placeholder')}
          status={invalid ? 'error' : ''}
          value={filter.text}
          onChange={(e) => setFilter({ ...filter, text: e.target.value })}
        />
        <Tooltip title={t('filter.regex_help', { count: binaryLook })}>
          <Button
            className="mono"
            aria-label={t('filter.regex')}
            aria-pressed={filter.regex}
            type={filter.regex ? 'primary' : 'default'}
            onClick={() => setFilter({ ...filter, regex: !filter.regex })}
          >
            {'.*'}
          </Button>
        </Tooltip>
      </Space.Compact>
      {invalid && (
        <Typography.Text type="danger" role="alert">
          {t('filter.invalid')}
        </Typography.Text>
      )}
    </Flex>
  )
}
