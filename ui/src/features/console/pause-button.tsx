// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useSyncExternalStore } from 'react'
import { CaretRightOutlined, PauseOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'

import type { MessageStore } from './message-store'

/** PauseButton holds the list still; what comes meanwhile is kept, and counted here. */
export function PauseButton({ store }: { store: MessageStore }) {
  const { t } = useTranslation('console')
  // -1 stands for no pause: one number says whether anything changed here.
  const waiting = useSyncExternalStore(store.subscribe, () => (store.paused ? store.waiting : -1))
  return waiting < 0 ? (
    <Button icon={<PauseOutlined aria-hidden />} onClick={() => store.pause()}>
      {t('pause')}
    </Button>
  ) : (
    <Button type="primary" icon={<CaretRightOutlined aria-hidden />} onClick={() => store.resume()}>
      {waiting > 0 ? t('resume_new', { count: waiting }) : t('resume')}
    </Button>
  )
}
