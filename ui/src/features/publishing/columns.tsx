// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Typography, type TableProps } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { useFormat } from '@/components/format'

import { PublicAddress } from './public-address'
import { PublicationStatus } from './publication-status'
import { isWebsite, screenOf, type Publication } from './which'
import { WhoMayCome } from './who-may-come'

/** publicationKey tells rows apart: several services can want one name. */
export const publicationKey = (p: Publication) => `${p.owner_id}/${p.name}/${p.client}/${p.service}`

/** usePublicationColumns returns the columns of a list of names and ports. `every`: for administrators. */
export function usePublicationColumns(every: boolean): NonNullable<TableProps<Publication>['columns']> {
  const { t } = useTranslation('publishing')
  const format = useFormat()
  const number = { align: 'right', className: 'numbers' } as const
  return [
    { title: t('names.address'), key: 'address', render: (_, p) => <Address publication={p} /> },
    {
      title: t('names.service'),
      key: 'service',
      render: (_, p) => <Service publication={p} every={every} />,
    },
    { title: t('names.status'), key: 'status', render: (_, p) => <PublicationStatus publication={p} /> },
    { title: t('names.access'), key: 'access', render: (_, p) => <Access publication={p} every={every} /> },
    { title: t('names.open'), dataIndex: 'open', ...number, render: format.number },
    {
      title: t('names.requests'),
      key: 'requests',
      ...number,
      render: (_, p) => (
        <Flex vertical gap={4} align="flex-end">
          {format.number(p.requests)}
          <Requests publication={p} every={every} />
        </Flex>
      ),
    },
  ]
}

function Address({ publication: p }: { publication: Publication }) {
  const { t } = useTranslation('publishing')
  return (
    <Flex vertical>
      <PublicAddress publication={p} />
      <Typography.Text type="secondary">{t(`kinds.${p.kind}`)}</Typography.Text>
    </Flex>
  )
}

/** Service leads to the client that offers what is published. */
export function Service({ publication: p, every }: { publication: Publication; every: boolean }) {
  if (!p.client) return <>–</>
  const home = every ? `/admin/clients/${p.owner_id}` : '/tunnels/clients'
  return (
    <span>
      <Link to={`${home}/${encodeURIComponent(p.client)}`}>{p.client}</Link>
      {`/${p.service}`}
    </span>
  )
}

function Access({ publication: p, every }: { publication: Publication; every: boolean }) {
  const { t } = useTranslation('publishing')
  if (p.status === 'refused') return <>–</> // who may come there is up to who has the name
  return (
    <Flex vertical gap={4} align="flex-start">
      <WhoMayCome access={p.access} />
      <Link to={screenOf(whichOf(p, every), 'access')} aria-label={t('access_of', { name: p.name })}>
        {t('names.change')}
      </Link>
    </Flex>
  )
}

function Requests({ publication: p, every }: { publication: Publication; every: boolean }) {
  const { t } = useTranslation('publishing')
  if (!isWebsite(p) || p.status === 'refused') return null
  return (
    <Link to={screenOf(whichOf(p, every), 'requests')} aria-label={t('requests_of', { name: p.name })}>
      {t('tabs.requests')}
    </Link>
  )
}

const whichOf = (p: Publication, every: boolean) => ({ name: p.name, owner: every ? p.owner_id : undefined })
