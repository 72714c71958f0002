// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { CaretRightOutlined, PauseOutlined } from '@ant-design/icons'
import { Button, Flex, Input, Select, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { classes, passes, type Class } from './request-filter'
import { RequestsTable } from './requests-table'
import { usePublicRequests, type Which } from './which'

/** Requests are the latest to a website, as they come and go, until they are told to stand still. */
export function Requests({ which }: { which: Which }) {
  const { t } = useTranslation('publishing')
  const [paused, setPaused] = useState(false)
  const [status, setStatus] = useState<Class>('all')
  const [text, setText] = useState('')
  const { data, error, refetch } = usePublicRequests(which, paused)
  if (error) return <ErrorAlert error={error} onRetry={() => void refetch()} />
  if (!data) return <ScreenSkeleton />
  const all = data.items ?? []
  return (
    <Flex vertical gap="middle">
      <Flex gap="small" wrap>
        <Select<Class>
          aria-label={t('requests.filter')}
          value={status}
          onChange={setStatus}
          options={classes.map((value) => ({ value, label: t(`requests.classes.${value}`) }))}
          popupMatchSelectWidth={false}
          style={{ minWidth: 160 }}
        />
        <Input
          type="search"
          allowClear
          aria-label={t('requests.search')}
          placeholder={t('requests.search')}
          value={text}
          onChange={(e) => setText(e.target.value)}
          style={{ width: 260, maxWidth: '100%' }}
        />
        <Button
          type={paused ? 'primary' : 'default'}
          icon={paused ? <CaretRightOutlined aria-hidden /> : <PauseOutlined aria-hidden />}
          onClick={() => setPaused(!paused)}
        >
          {t(paused ? 'requests.resume' : 'requests.pause')}
        </Button>
      </Flex>
      {all.length ? (
        <RequestsTable requests={all.filter((r) => passes(r, status, text))} />
      ) : (
        <EmptyState title={t('requests.empty')} text={t('requests.empty_text')} />
      )}
      <Typography.Text type="secondary">{t('requests.note')}</Typography.Text>
    </Flex>
  )
}
