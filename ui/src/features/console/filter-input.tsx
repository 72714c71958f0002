// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect } from 'react'
import { SearchOutlined } from '@ant-design/icons'
import { Button, Flex, Input, Space, Tooltip, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { binaryLook, compile, type Filter } from './filter'
import type { MessageStore } from './message-store'

/** FilterInput has the list show what contains a text, or what an expression matches. */
export function FilterInput({
  store,
  filter,
  onFilter,
}: {
  store: MessageStore
  filter: Filter
  onFilter: (f: Filter) => void
}) {
  const { t } = useTranslation('console')
  const invalid = compile(filter) === undefined
  useEffect(() => {
    const test = compile(filter)
    // What is being written is often no valid expression yet: the list stays as it was.
    if (test !== undefined) store.filter(test)
  }, [store, filter])
  return (
    <Flex vertical gap={4}>
      <Space.Compact block>
        <Input
          allowClear
          prefix={<SearchOutlined aria-hidden />}
          aria-label={t('filter.label')}
          aria-invalid={invalid}
          placeholder={filter.regex ? t('filter.regex_placeholder') : t('filter.placeholder')}
          status={invalid ? 'error' : ''}
          value={filter.text}
          onChange={(e) => onFilter({ ...filter, text: e.target.value })}
        />
        <Tooltip title={t('filter.regex_help', { count: binaryLook })}>
          <Button
            className="mono"
            aria-label={t('filter.regex')}
            aria-pressed={filter.regex}
            type={filter.regex ? 'primary' : 'default'}
            onClick={() => onFilter({ ...filter, regex: !filter.regex })}
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
