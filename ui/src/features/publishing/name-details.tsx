// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Descriptions } from 'antd'
import { useTranslation } from 'react-i18next'

import { useFormat } from '@/components/format'

import { Service } from './columns'
import { PublicAddress } from './public-address'
import { PublicationStatus } from './publication-status'
import type { Publication } from './which'
import { WhoMayCome } from './who-may-come'

/** NameDetails are what the gateway knows of a name. `every`: for administrators, with its owner. */
export function NameDetails({ publication: p, every }: { publication: Publication; every: boolean }) {
  const { t } = useTranslation('publishing')
  const format = useFormat()
  const items = [
    { label: t('names.address'), children: <PublicAddress publication={p} /> },
    { label: t('names.status'), children: <PublicationStatus publication={p} /> },
    { label: t('names.service'), children: <Service publication={p} every={every} /> },
    ...(every ? [{ label: t('names.owner'), children: p.owner || t('operator') }] : []),
    { label: t('names.kind'), children: t(`kinds.${p.kind}`) },
    { label: t('names.access'), children: <WhoMayCome access={p.access} /> },
    { label: t('names.open'), children: format.number(p.open) },
    { label: t('names.total'), children: format.number(p.requests) },
  ]
  return (
    <Descriptions
      bordered
      size="small"
      className="numbers"
      column={{ xs: 1, sm: 1, md: 2 }}
      items={items.map((item) => ({ key: item.label, ...item }))}
    />
  )
}
