// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useState } from 'react'
import { CheckOutlined, CloseOutlined, EditOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Flex, Input, type InputRef } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, ifMatch } from '@/api/client'
import { invalidate } from '@/api/query'
import { PageTitle } from '@/components/page'
import { useFail } from '@/components/use-fail'

import { at, byId, endpointKey, type PartProps } from './scope'

/** NameTitle shows an endpoint's name, and changes it in its place. */
export function NameTitle(part: PartProps) {
  const { t } = useTranslation('endpoints')
  const button = useRef<HTMLButtonElement>(null)
  const [editing, setEditing] = useState(false)
  const edited = useRef(false)
  useEffect(() => {
    if (edited.current && !editing) button.current?.focus()
    edited.current = editing
  }, [editing])
  if (editing) return <NameForm {...part} onDone={() => setEditing(false)} />
  return (
    <Flex align="center" gap={4}>
      <PageTitle>{part.endpoint.name || t('unnamed')}</PageTitle>
      <Button
        ref={button}
        type="text"
        icon={<EditOutlined aria-hidden />}
        aria-label={t('rename')}
        onClick={() => setEditing(true)}
      />
    </Flex>
  )
}

function NameForm({ endpoint, scope, onDone }: PartProps & { onDone: () => void }) {
  const { t } = useTranslation(['endpoints', 'common'])
  const client = useQueryClient()
  const fail = useFail()
  const input = useRef<InputRef>(null)
  const [text, setText] = useState(endpoint.name)
  useEffect(() => input.current?.focus({ cursor: 'all' }), [])
  const patch = api.useMutation('patch', at(scope, '/endpoints/{id}'))
  const save = () =>
    patch.mutate(
      {
        params: { ...byId(endpoint.id).params, header: ifMatch(endpoint.version) },
        body: { name: text.trim() },
      },
      {
        onSuccess: (changed) => {
          client.setQueryData(endpointKey(scope, endpoint.id), changed)
          onDone()
        },
        onError: fail,
        onSettled: () => void invalidate(client, '/endpoints', '/admin/endpoints'),
      },
    )
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault()
        save()
      }}
    >
      <Flex align="center" gap={4}>
        <div className="sr-only">
          <PageTitle>{endpoint.name || t('unnamed')}</PageTitle>
        </div>
        <Input
          ref={input}
          value={text}
          maxLength={100}
          aria-label={t('settings.name')}
          onChange={(e) => setText(e.target.value)}
          onKeyDown={(e) => e.key === 'Escape' && onDone()}
        />
        <Button
          type="primary"
          htmlType="submit"
          icon={<CheckOutlined aria-hidden />}
          loading={patch.isPending}
          aria-label={t('common:save')}
        />
        <Button icon={<CloseOutlined aria-hidden />} aria-label={t('common:cancel')} onClick={onDone} />
      </Flex>
    </form>
  )
}
