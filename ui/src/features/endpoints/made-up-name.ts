// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { TFunction } from 'i18next'

const pick = (words: string) => {
  const list = words.split('|')
  return list[Math.floor(Math.random() * list.length)]!
}

/** madeUpName returns a name to tell endpoints apart by until somebody gives them better ones. */
export const madeUpName = (t: TFunction<'endpoints'>) =>
  t('made_up.name', { first: pick(t('made_up.first')), second: pick(t('made_up.second')) })
