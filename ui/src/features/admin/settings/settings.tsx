// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Modal } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { ErrorAlert } from '@/components/errors'
import { Page } from '@/components/page'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { LimitsSetting } from './limits-setting'
import { FeedbackSetting, RegistrationSetting, TermsSetting } from './simple-settings'
import { useLeaving } from './use-leaving'
import { useSettings } from './use-settings'

/** SettingsScreen changes what the operator decides. What is not saved is kept, and asked about on leaving. */
export function SettingsScreen() {
  const { t } = useTranslation(['admin', 'common'])
  const query = api.useQuery('get', '/admin/settings')
  const { setting, changed } = useSettings(query.data?.items ?? [])
  const leaving = useLeaving(changed)
  const { data, error } = query
  return (
    <Page title={t('common:nav.admin_settings')} intro={t('settings.intro')}>
      {error && <ErrorAlert error={error} onRetry={() => void query.refetch()} />}
      {!data && !error && <ScreenSkeleton />}
      {data && (
        <Flex vertical gap="middle">
          <RegistrationSetting setting={setting('registration')} />
          <TermsSetting setting={setting('terms')} />
          <FeedbackSetting setting={setting('feedback_link')} />
          <LimitsSetting setting={setting('limits')} />
        </Flex>
      )}
      <Modal
        open={leaving.asking}
        title={t('settings.leave_title')}
        okText={t('settings.stay')}
        cancelText={t('settings.leave')}
        onOk={leaving.stay}
        onCancel={leaving.leave}
        closable={false}
        mask={{ closable: false }}
        keyboard={false}
      >
        {t('settings.leave_text')}
      </Modal>
    </Page>
  )
}
