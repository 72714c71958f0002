// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useId, useState, useSyncExternalStore } from 'react'
import { FormatPainterOutlined, RedoOutlined, SendOutlined } from '@ant-design/icons'
import { Button, Flex, Input, Segmented, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { readDraft, writeDraft } from './drafts'
import type { Payload } from './messages'
import { encode, isProblem, prettyJson, type Draft, type Kind, type Problem } from './payload'
import { Repeater } from './repeater'
import type { Client } from './use-client'

/** Composer is where a message is written and sent. */
export function Composer({ endpoint, pane, client }: { endpoint: string; pane: number; client: Client }) {
  const { t } = useTranslation('console')
  const [draft, setDraft] = useState(() => readDraft(endpoint, pane))
  const [last, setLast] = useState<Payload | null>(null)
  const help = useId()
  const open = useSyncExternalStore(
    client.connection.subscribe,
    () => client.connection.state.kind === 'open',
  )
  const change = (d: Draft) => {
    setDraft(d)
    writeDraft(endpoint, pane, d)
  }
  const encoded = encode(draft)
  const problem = isProblem(encoded) && draft.text.trim() !== '' ? encoded : null
  const ready = open && !isProblem(encoded)
  const send = () => {
    if (ready && client.send(encoded)) setLast(encoded)
  }
  return (
    <Flex vertical gap="small">
      <Flex justify="space-between" gap="small" wrap>
        <Segmented<Kind>
          aria-label={t('kind.label')}
          value={draft.kind}
          onChange={(kind) => change({ ...draft, kind })}
          options={(['text', 'json', 'hex'] as const).map((value) => ({ value, label: t(`kind.${value}`) }))}
        />
        {draft.kind === 'json' && (
          <Button
            icon={<FormatPainterOutlined aria-hidden />}
            disabled={isProblem(encoded)}
            onClick={() => change({ ...draft, text: prettyJson(draft.text) })}
          >
            {t('format')}
          </Button>
        )}
      </Flex>
      <Input.TextArea
        className="mono"
        aria-label={t('message')}
        aria-describedby={help}
        aria-invalid={problem !== null}
        status={problem ? 'error' : ''}
        rows={3}
        value={draft.text}
        placeholder={t(`placeholder.${draft.kind}`)}
        onChange={(e) => change({ ...draft, text: e.target.value })}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) send()
        }}
      />
      <Typography.Text id={help} type={problem ? 'danger' : 'secondary'}>
        {problem ? <ProblemText problem={problem} /> : t('send_keys')}
      </Typography.Text>
      <Flex gap="small" wrap align="center">
        <Button type="primary" icon={<SendOutlined aria-hidden />} disabled={!ready} onClick={send}>
          {t('send')}
        </Button>
        <Button
          icon={<RedoOutlined aria-hidden />}
          disabled={!open || last === null}
          onClick={() => last !== null && client.send(last)}
        >
          {t('send_again')}
        </Button>
        <Repeater client={client} payload={ready ? encoded : null} />
      </Flex>
    </Flex>
  )
}

function ProblemText({ problem }: { problem: Problem }) {
  const { t } = useTranslation('console')
  return problem.problem === 'hex_odd'
    ? t('problem.hex_odd')
    : t(`problem.${problem.problem}`, { detail: problem.detail })
}
