// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Flex, Typography } from 'antd'
import { Trans, useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { CopyButton } from '@/components/copy-button'
import { Page } from '@/components/page'

import { ScrollArea } from './scroll-area'

import './docs.css'

/** ApiPage says how programs do what this interface does, and leads to the API's own page. */
export function ApiPage() {
  const { t } = useTranslation('docs')
  const example = `curl -H "Authorization: Bearer $CULVERT_API_TOKEN" ${location.origin}/api/v1/endpoints`
  return (
    <Page title={t('api.title')}>
      <Typography className="doc">
        <Typography.Paragraph>{t('api.what')}</Typography.Paragraph>
        <Typography.Paragraph>
          <Trans t={t} i18nKey="api.token" components={{ tokens: <Link to="/account/tokens" /> }} />
        </Typography.Paragraph>
        <div className="doc-code">
          <ScrollArea label={t('code')}>
            <pre>{example}</pre>
          </ScrollArea>
          <CopyButton text={example} what={t('code')} size="small" />
        </div>
        <Typography.Paragraph>
          <Trans t={t} i18nKey="api.rules" components={{ rules: <Link to="/docs/accounts" /> }} />
        </Typography.Paragraph>
        <Flex gap="small" wrap>
          <Button type="primary" href="/api/docs" target="_blank">
            {t('api.reference')}
          </Button>
          <Button href="/api/openapi.json" target="_blank">
            {t('api.openapi')}
          </Button>
        </Flex>
      </Typography>
    </Page>
  )
}
