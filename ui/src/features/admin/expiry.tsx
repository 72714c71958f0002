// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Select } from 'antd'
import { useTranslation } from 'react-i18next'

/** hours until something expires; 0 is never. */
export type Hours = number

/** expiresAt is the moment that the API is told; undefined for never. */
export const expiresAt = (hours: Hours, now = Date.now()) =>
  hours ? new Date(now + hours * 3_600_000).toISOString() : undefined

/** ExpirySelect chooses when something expires. It is the input of a Form.Item. */
export function ExpirySelect({
  choices,
  ...input
}: {
  choices: readonly Hours[]
  id?: string
  value?: Hours
  onChange?: (hours: Hours) => void
}) {
  const { t } = useTranslation('admin')
  const text = (hours: Hours) => {
    if (hours === 0) return t('expiry.never')
    return hours < 24 ? t('expiry.hours', { count: hours }) : t('expiry.days', { count: hours / 24 })
  }
  return <Select options={choices.map((value) => ({ value, label: text(value) }))} {...input} />
}
