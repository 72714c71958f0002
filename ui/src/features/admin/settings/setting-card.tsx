// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'
import { Alert, Button, Card, Flex, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Editable } from './use-settings'
import type { Saving } from './use-save'

/** SettingCard is the frame of one setting, which is saved by itself. */
export function SettingCard({
  setting,
  saving,
  title,
  intro,
  children,
}: {
  setting: Pick<Editable<'terms'>, 'changed' | 'overtaken' | 'reset'>
  saving: Saving
  title: string
  intro: string
  children: ReactNode
}) {
  const { t } = useTranslation(['admin', 'common'])
  return (
    <Card>
      <form
        aria-label={title}
        onSubmit={(e) => {
          e.preventDefault()
          saving.save()
        }}
      >
        <Flex vertical gap="small" align="stretch">
          <Flex gap="small" align="center">
            <Typography.Title level={2} style={{ fontSize: 16, margin: 0 }}>
              {title}
            </Typography.Title>
            {setting.changed && <Tag color="warning">{t('settings.unsaved')}</Tag>}
          </Flex>
          <Typography.Text type="secondary">{intro}</Typography.Text>
          {setting.overtaken && <Alert type="warning" showIcon title={t('settings.overtaken')} />}
          {children}
          <Flex gap="small">
            <Button type="primary" htmlType="submit" disabled={!setting.changed} loading={saving.busy}>
              {t('common:save')}
            </Button>
            {setting.changed && <Button onClick={setting.reset}>{t('settings.reset')}</Button>}
          </Flex>
        </Flex>
      </form>
    </Card>
  )
}
