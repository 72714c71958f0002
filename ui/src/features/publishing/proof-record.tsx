// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Descriptions, Flex } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { CopyButton } from '@/components/copy-button'
import { ErrorAlert } from '@/components/errors'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { exampleDomain } from './hosts'

/** ProofRecord is the DNS record that proves a domain; without a name yet, that of an example. */
export function ProofRecord({ name }: { name: string }) {
  const { t } = useTranslation('publishing')
  const proof = api.useQuery('get', '/domains/proof')
  if (proof.error) return <ErrorAlert error={proof.error} onRetry={() => void proof.refetch()} />
  if (proof.isPending) return <ScreenSkeleton rows={3} />
  const { prefix, type, value } = proof.data
  const lines = [
    { label: t('domains.record_name'), text: `${prefix}.${name || exampleDomain}` },
    { label: t('domains.record_type'), text: type },
    { label: t('domains.record_value'), text: value },
  ]
  return (
    <Descriptions
      bordered
      size="small"
      column={1}
      items={lines.map(({ label, text }) => ({
        key: label,
        label,
        children: (
          <Flex justify="space-between" align="center" gap="small">
            <span className="mono" style={{ overflowWrap: 'anywhere' }}>
              {text}
            </span>
            <CopyButton text={text} what={label} type="text" size="small" />
          </Flex>
        ),
      }))}
    />
  )
}
