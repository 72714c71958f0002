// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Form } from 'antd'
import { useTranslation } from 'react-i18next'

import { LimitInput } from '../limits/limit-input'
import { allLimits, limitNames } from '../limits/limits'
import { SettingCard } from './setting-card'
import { useSave } from './use-save'
import type { Editable } from './use-settings'

/** LimitsSetting has the limits of all accounts that have none of their own. */
export function LimitsSetting({ setting }: { setting: Editable<'limits'> }) {
  const { t } = useTranslation('admin')
  const limits = allLimits(setting.value)
  return (
    <SettingCard
      setting={setting}
      saving={useSave(setting)}
      title={t('settings.limits')}
      intro={t('settings.limits_intro')}
    >
      {limitNames.map((name) => (
        <Form.Item
          key={name}
          layout="vertical"
          htmlFor={`limit-${name}`}
          label={t(`limits.${name}`)}
          style={{ marginBottom: 8 }}
        >
          <LimitInput
            id={`limit-${name}`}
            label={t(`limits.${name}`)}
            defaultText={t('limits.gateway')}
            bytes={name === 'monthly_bytes'}
            value={limits[name]}
            onChange={(value) => setting.change(without({ ...limits, [name]: value }))}
          />
        </Form.Item>
      ))}
    </SettingCard>
  )
}

/** without leaves out the defaults, as the API does, so that a change that is taken back is none. */
function without(limits: Record<string, number>) {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== 0))
}
