// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Button, Flex, Modal, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { Secret } from '@/components/secret'
import { useFail } from '@/components/use-fail'

import type { PartProps } from './scope'
import { ticketUrl } from './ticket'

/** TicketUrl makes a URL that opens one connection to a private endpoint without its key. */
export function TicketUrl({ endpoint, scope }: PartProps) {
  const { t } = useTranslation(['endpoints', 'common'])
  const fail = useFail()
  const [url, setUrl] = useState<string>()
  return (
    <>
      <Button size="small" onClick={() => void ticketUrl(endpoint, scope).then(setUrl).catch(fail)}>
        {t('ticket.make')}
      </Button>
      <Modal
        open={url !== undefined}
        title={t('ticket.title')}
        footer={<Button onClick={() => setUrl(undefined)}>{t('common:close')}</Button>}
        onCancel={() => setUrl(undefined)}
      >
        <Flex vertical gap="small">
          <Typography.Text>{t('ticket.text')}</Typography.Text>
          {url !== undefined && <Secret text={url} what={t('url.label')} />}
        </Flex>
      </Modal>
    </>
  )
}
