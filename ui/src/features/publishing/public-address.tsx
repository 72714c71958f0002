// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { CopyButton } from '@/components/copy-button'

import { isWebsite, type Publication } from './which'

/** PublicAddress is where the public reaches something: a link, or a host and a port. Both can be copied. */
export function PublicAddress({ publication: p }: { publication: Publication }) {
  const { t } = useTranslation('publishing')
  if (!p.url) return <Typography.Text type="secondary">{p.name}</Typography.Text>
  const website = isWebsite(p)
  const text = website ? p.url : p.url.replace(/^\w+:\/\//, '')
  return (
    <Flex gap={4} align="center">
      {website ? (
        <a href={p.url} target="_blank" rel="noreferrer">
          {text}
        </a>
      ) : (
        <span className="mono">{text}</span>
      )}
      <CopyButton text={text} what={t('address_of', { name: p.name })} type="text" size="small" />
    </Flex>
  )
}
