// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { InputNumber, Select, Space } from 'antd'
import { useTranslation } from 'react-i18next'

const sizes = { byte: 1, kib: 1024, mib: 1024 * 1024 } as const
type Size = keyof typeof sizes

const fitting = (n: number): Size => (n && n % sizes.mib === 0 ? 'mib' : n % sizes.kib === 0 ? 'kib' : 'byte')

/** BytesInput is the input of an amount of bytes in the unit that one chooses, as a Form.Item takes it. Empty is 0. */
export function BytesInput({
  id,
  value = 0,
  onChange,
  placeholder,
  label,
}: {
  id?: string
  value?: number
  onChange?: (n: number) => void
  placeholder: string
  label: string
}) {
  const { t } = useTranslation('endpoints')
  const [chosen, setChosen] = useState<Size>()
  const size = chosen ?? fitting(value)
  return (
    <Space.Compact>
      <InputNumber
        id={id}
        min={0}
        precision={size === 'byte' ? 0 : undefined}
        value={value ? value / sizes[size] : null}
        placeholder={placeholder}
        onChange={(n) => onChange?.(Math.round((n ?? 0) * sizes[size]))}
        style={{ width: 180 }}
      />
      <Select<Size>
        aria-label={t('settings.unit', { label })}
        value={size}
        onChange={(next) => {
          setChosen(next)
          onChange?.(Math.round((value / sizes[size]) * sizes[next]))
        }}
        options={(Object.keys(sizes) as Size[]).map((key) => ({
          value: key,
          label: t(`settings.units.${key}`),
        }))}
        style={{ width: 90 }}
      />
    </Space.Compact>
  )
}
