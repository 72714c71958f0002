// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Form, Input, Switch } from 'antd'
import { useTranslation } from 'react-i18next'

import { SettingCard } from './setting-card'
import { useSave } from './use-save'
import type { Editable } from './use-settings'

const example = 'https://example.com/feedback'

/** RegistrationSetting closes registration, whatever invites there are. */
export function RegistrationSetting({ setting }: { setting: Editable<'registration'> }) {
  const { t } = useTranslation('admin')
  const label = t('settings.registration_switch')
  return (
    <SettingCard
      setting={setting}
      saving={useSave(setting)}
      title={t('settings.registration')}
      intro={t('settings.registration_intro')}
    >
      <Flex component="label" gap="small" align="center">
        <Switch checked={setting.value} onChange={setting.change} aria-label={label} />
        <span aria-hidden="true">{label}</span>
      </Flex>
    </SettingCard>
  )
}

/** TermsSetting has the terms of use, which who registers accepts. */
export function TermsSetting({ setting }: { setting: Editable<'terms'> }) {
  const { t } = useTranslation('admin')
  const saving = useSave(setting)
  return (
    <SettingCard
      setting={setting}
      saving={saving}
      title={t('settings.terms')}
      intro={t('settings.terms_intro')}
    >
      <Field error={saving.refused && t('settings.terms_refused')}>
        <Input.TextArea
          aria-label={t('settings.terms')}
          rows={8}
          value={setting.value}
          onChange={(e) => setting.change(e.target.value)}
        />
      </Field>
    </SettingCard>
  )
}

/** FeedbackSetting has where people write to the operator. */
export function FeedbackSetting({ setting }: { setting: Editable<'feedback_link'> }) {
  const { t } = useTranslation('admin')
  const saving = useSave(setting)
  return (
    <SettingCard
      setting={setting}
      saving={saving}
      title={t('settings.feedback')}
      intro={t('settings.feedback_intro')}
    >
      <Field error={saving.refused && t('settings.feedback_refused')}>
        <Input
          aria-label={t('settings.feedback')}
          placeholder={example}
          inputMode="url"
          maxLength={2000}
          value={setting.value}
          onChange={(e) => setting.change(e.target.value.trim())}
        />
      </Field>
    </SettingCard>
  )
}

function Field({ error, children }: { error: string | false; children: React.ReactNode }) {
  return (
    <Form.Item
      validateStatus={error ? 'error' : ''}
      help={error && <span role="alert">{error}</span>}
      style={{ margin: 0 }}
    >
      {children}
    </Form.Item>
  )
}
