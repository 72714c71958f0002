// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useRef, useState } from 'react'
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
export function NameTitle({ endpoint, scope }: PartProps) {
  const { t } = useTranslation(['endpoints', 'common'])
  const client = useQueryClient()
  const fail = useFail()
  const button = useRef<HTMLButtonElement>(null)
  const [text, setText] = useState<string>()
  const patch = api.useMutation('patch', at(scope, '/endpoints/{id}'))
  const done = () => {
    setText(undefined)
    requestAnimationFrame(() => button.current?.focus())
  }
  const save = () =>
    patch.mutate(
      {
        params: { ...byId(endpoint.id).params, header: ifMatch(endpoint.version) },
        body: { name: text!.trim() },
      },
      {
        onSuccess: (changed) => {
          client.setQueryData(endpointKey(scope, endpoint.id), changed)
          done()
        },
        onError: fail,
        onSettled: () => void invalidate(client, '/endpoints', '/admin/endpoints'),
      },
    )
  if (text === undefined) {
    return (
      <Flex align="center" gap={4}>
        <PageTitle>{endpoint.name || t('unnamed')}</PageTitle>
        <Button
          ref={button}
          type="text"
          icon={<EditOutlined />}
          aria-label={t('rename')}
          onClick={() => setText(endpoint.name)}
        />
      </Flex>
    )
  }
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
          ref={focusAll}
          value={text}
          maxLength={100}
          aria-label={t('settings.name')}
          onChange={(e) => setText(e.target.value)}
          onKeyDown={(e) => e.key === 'Escape' && done()}
        />
        <Button
          type="primary"
          htmlType="submit"
          icon={<CheckOutlined />}
          loading={patch.isPending}
          aria-label={t('common:save')}
        />
        <Button icon={<CloseOutlined />} aria-label={t('common:cancel')} onClick={done} />
      </Flex>
    </form>
  )
}

/** focusAll is a ref, so it is called once: when the input has come. */
function focusAll(input: InputRef | null): void {
  input?.focus({ cursor: 'all' })
}
