// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'

/** What the API takes in place of a limit. */
const byDefault = 0
const none = -1

const gigabyte = 1e9

type Mode = 'default' | 'none' | 'own'

/**
 * LimitInput is the input of one limit: that of all, none, or a number. It is
 * the input of a Form.Item; `label` names its number, and amounts of bytes are
 * in gigabytes.
 */
export function LimitInput({
  label,
  defaultText,
  bytes = false,
  id,
  value = byDefault,
  onChange,
}: {
  label: string
  defaultText: string
  bytes?: boolean
  id?: string
  value?: number
  onChange?: (value: number) => void
}) {
  const { t } = useTranslation('admin')
  const step = bytes ? gigabyte : 1
  const mode: Mode = value === byDefault ? 'default' : value < 0 ? 'none' : 'own'
  const values: Record<Mode, number> = { default: byDefault, none, own: 10 * step }
  return (
    <Flex gap="small" wrap>
      <Select<Mode>
        id={id}
        value={mode}
        onChange={(m) => onChange?.(values[m])}
        options={[
          { value: 'default', label: defaultText },
          { value: 'own', label: t('limits.own') },
          { value: 'none', label: t('limits.none') },
        ]}
        style={{ width: 220 }}
      />
      {mode === 'own' && (
        <InputNumber
          aria-label={t('limits.number', { label })}
          min={bytes ? 0.001 : 1}
          precision={bytes ? 3 : 0}
          suffix={bytes ? t('limits.gigabytes') : undefined}
          value={value / step}
          onChange={(n) => n && onChange?.(Math.round(n * step))}
          style={{ width: 140 }}
        />
      )}
    </Flex>
  )
}
