// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { DownloadOutlined } from '@ant-design/icons'
import { Alert, Button, Flex, Input, Modal } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { CopyButton } from '@/components/copy-button'
import { download } from '@/components/download'

import { csv } from '../csv'

/** NewInvites shows the links of invites that were just made, once. */
export function NewInvites({ invites, onClose }: { invites: Schema<'NewInvite'>[]; onClose: () => void }) {
  const { t } = useTranslation(['admin', 'common'])
  const site = api.useQuery('get', '/site').data?.url ?? location.origin
  const rows = invites.map((i) => ({ ...i, link: `${site}/register#${i.code}` }))
  const save = () =>
    download('culvert-invites.csv', 'text/csv', csv(['link', 'code', 'note', 'expires_at'], rows))
  return (
    <Modal
      open={invites.length > 0}
      title={t('invites.made', { count: invites.length })}
      okText={t('common:secret.kept')}
      onOk={onClose}
      footer={(_, { OkBtn }) => <OkBtn />}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      destroyOnHidden
    >
      <Flex vertical gap="small">
        <Alert type="warning" showIcon title={t('common:secret.once')} description={t('invites.once')} />
        <Flex vertical gap="small" style={{ maxHeight: '45vh', overflowY: 'auto' }}>
          {rows.map(({ id, link }, i) => (
            <Flex key={id} gap="small">
              <Input
                value={link}
                readOnly
                className="mono"
                aria-label={t('invites.link', { number: i + 1 })}
                onFocus={(e) => e.target.select()}
              />
              <CopyButton
                text={link}
                what={t('invites.link', { number: i + 1 })}
                type={rows.length === 1 ? 'primary' : 'default'}
              />
            </Flex>
          ))}
        </Flex>
        {rows.length > 1 && (
          <Flex gap="small" wrap>
            <CopyButton text={rows.map((r) => r.link).join('\n')} what={t('invites.links')} type="primary">
              {t('invites.copy_all')}
            </CopyButton>
            <Button icon={<DownloadOutlined aria-hidden />} onClick={save}>
              {t('download_csv')}
            </Button>
          </Flex>
        )}
      </Flex>
    </Modal>
  )
}
