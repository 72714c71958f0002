// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { DatePicker } from 'antd'
import dayjs from 'dayjs'

import 'dayjs/locale/zh-cn'

/** MomentPicker chooses a day and a time of it. */
export function MomentPicker({
  label,
  value,
  onChange,
}: {
  label: string
  value: string | undefined
  onChange: (iso: string | undefined) => void
}) {
  const chosen = value ? dayjs(value) : null
  return (
    <DatePicker
      aria-label={label}
      placeholder={label}
      showTime={{ format: 'HH:mm' }}
      format="YYYY-MM-DD HH:mm"
      value={chosen?.isValid() ? chosen : null}
      onChange={(d) => onChange(d?.toISOString())}
    />
  )
}
