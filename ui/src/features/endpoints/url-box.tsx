// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef } from 'react'
import { LockOutlined, QrcodeOutlined } from '@ant-design/icons'
import { Button, Card, Flex, Input, Popover, QRCode, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router'

import { CopyButton } from '@/components/copy-button'

import type { PartProps } from './scope'
import { TicketUrl } from './ticket-url'
import type { Arrival } from './use-create'

/** UrlBox is what a visitor of the page most likely came for. Who has just created the endpoint has the focus there. */
export function UrlBox({ endpoint, scope }: PartProps) {
  const { t } = useTranslation('endpoints')
  const arrival = useLocation().state as Arrival
  const box = useRef<HTMLDivElement>(null)
  const created = arrival?.created ?? false
  useEffect(() => {
    if (created) box.current?.querySelector<HTMLElement>('button')?.focus()
  }, [created])
  const { url } = endpoint
  return (
    <Card size="small">
      <Flex vertical gap="small">
        <Flex ref={box} gap="small" wrap align="center">
          <Input
            value={url}
            readOnly
            size="large"
            className="mono"
            aria-label={t('url.label')}
            onFocus={(e) => e.target.select()}
            style={{ flex: '1 1 280px', minWidth: 0 }}
          />
          <CopyButton text={url} what={t('url.label')} type="primary" size="large">
            {t('url.copy')}
          </CopyButton>
          <Popover trigger="click" placement="bottomRight" content={<Code url={url} />}>
            <Button size="large" icon={<QrcodeOutlined aria-hidden />} aria-label={t('url.qr')} />
          </Popover>
        </Flex>
        {endpoint.private ? (
          <Flex gap="small" wrap align="center">
            <Tag icon={<LockOutlined aria-hidden />}>{t('private.tag')}</Tag>
            <Typography.Text type="secondary">{t('private.how')}</Typography.Text>
            <TicketUrl endpoint={endpoint} scope={scope} />
          </Flex>
        ) : (
          <Typography.Text type="secondary">{t('url.hint')}</Typography.Text>
        )}
      </Flex>
    </Card>
  )
}

/** Code is black on white in both themes: cameras do not read it the other way round. */
function Code({ url }: { url: string }) {
  const { t } = useTranslation('endpoints')
  return (
    <div role="img" aria-label={t('url.qr_of')} style={{ background: '#fff', padding: 16 }}>
      <QRCode type="svg" value={url} color="#000" bgColor="#fff" size={220} bordered={false} />
    </div>
  )
}
