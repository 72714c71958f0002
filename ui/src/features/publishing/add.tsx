// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Flex, Form, Input, InputNumber, Radio, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { Page } from '@/components/page'

import { AddResult } from './add-result'
import { hostOf, hostPattern, type Wish } from './commands'

const kinds = ['http', 'tcp', 'udp'] as const
/** What is published most often; a port that has been typed stays. */
const usual = { http: 8080, tcp: 22, udp: 53 }

/** Component says how a service is published: asked for a few things, it has the lines to copy. */
export function Component() {
  const { t } = useTranslation('publishing')
  const [wish, setWish] = useState<Omit<Wish, 'port'> & { port: number | null }>({
    kind: 'http',
    port: usual.http,
    name: '',
  })
  const { kind, port, name, publicPort } = wish
  const change = (changes: Partial<typeof wish>) => setWish({ ...wish, ...changes })
  const wrong = kind === 'http' && name !== '' && !hostPattern.test(name)
  return (
    <Page title={t('add.title')} intro={t('add.intro')}>
      <Form layout="vertical" requiredMark={false} style={{ maxWidth: 480 }}>
        <Form.Item label={t('add.kind')}>
          <Radio.Group
            aria-label={t('add.kind')}
            optionType="button"
            value={kind}
            options={kinds.map((value) => ({ value, label: t(`add.kinds.${value}`) }))}
            onChange={({ target }) => {
              const next = target.value as Wish['kind']
              change({ kind: next, port: port === usual[kind] || port === null ? usual[next] : port })
            }}
          />
        </Form.Item>
        <Form.Item label={t('add.port')} htmlFor="port" extra={t('add.port_text')}>
          <InputNumber
            id="port"
            min={1}
            max={65_535}
            precision={0}
            value={port}
            onChange={(value) => change({ port: value })}
          />
        </Form.Item>
        {kind === 'http' ? (
          <Form.Item
            label={t('add.name')}
            htmlFor="name"
            extra={t('add.name_text')}
            validateStatus={wrong ? 'error' : undefined}
            help={wrong ? t('add.name_rule') : undefined}
          >
            <Input
              id="name"
              value={name}
              onChange={(e) => change({ name: e.target.value.trim() })}
              placeholder={port === null ? undefined : hostOf({ ...wish, name: '', port })}
              maxLength={253}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
            />
          </Form.Item>
        ) : (
          <Form.Item label={t('add.public_port')} htmlFor="public-port" extra={t('add.public_port_text')}>
            <InputNumber
              id="public-port"
              min={1}
              max={65_535}
              precision={0}
              value={publicPort ?? null}
              onChange={(value) => change({ publicPort: value ?? undefined })}
            />
          </Form.Item>
        )}
      </Form>
      {port !== null && !wrong && <AddResult wish={{ ...wish, port }} />}
      <Flex vertical gap="small">
        <Typography.Text>
          {t('add.needs_client')} <Link to="/tunnels/add">{t('add.to_client')}</Link>
        </Typography.Text>
        <Typography.Text>
          <Link to="/docs/publishing">{t('docs')}</Link>
        </Typography.Text>
      </Flex>
    </Page>
  )
}
