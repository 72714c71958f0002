// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { ClearOutlined, DownloadOutlined } from '@ant-design/icons'
import { Button, Flex, Select, Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'

import { download } from '@/components/download'
import { useFail } from '@/components/use-fail'

import { Counts } from './counts'
import { lines } from './export'
import { FilterInput } from './filter-input'
import type { MessageStore } from './message-store'
import { PauseButton } from './pause-button'
import { views, type View } from './views'

/** Toolbar chooses what the list shows, and how, and takes it away. */
export function Toolbar({
  store,
  view,
  onView,
  file,
}: {
  store: MessageStore
  view: View
  onView: (v: View) => void
  file: string
}) {
  const { t } = useTranslation('console')
  const fail = useFail()
  const [exporting, setExporting] = useState(false)
  const save = async () => {
    setExporting(true)
    try {
      download(`${file}.ndjson`, 'application/x-ndjson', ...(await lines(store)))
    } catch (error) {
      fail(error)
    } finally {
      setExporting(false)
    }
  }
  return (
    <Flex vertical gap="small">
      <FilterInput store={store} />
      <Flex gap="small" wrap align="center">
        <Select
          aria-label={t('view.label')}
          value={view}
          onChange={onView}
          options={views.map((value) => ({ value, label: t(`view.${value}`) }))}
          popupMatchSelectWidth={false}
        />
        <PauseButton store={store} />
        <Tooltip title={t('clear')}>
          <Button
            icon={<ClearOutlined aria-hidden />}
            aria-label={t('clear')}
            onClick={() => store.clear()}
          />
        </Tooltip>
        <Tooltip title={t('export')}>
          <Button
            icon={<DownloadOutlined aria-hidden />}
            aria-label={t('export')}
            loading={exporting}
            onClick={() => void save()}
          />
        </Tooltip>
      </Flex>
      <Counts store={store} />
    </Flex>
  )
}
