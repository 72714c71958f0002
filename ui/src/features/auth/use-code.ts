// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'react'
import { useLocation } from 'react-router'

import { fragment } from '@/components/fragment'

/**
 * useCode returns the code of the link that led here, '' if there is none, and
 * takes it out of the address bar, so that it is in no bookmark and no history.
 */
export function useCode(): string {
  const { pathname, hash, search } = useLocation()
  const [code] = useState(() => (fragment(hash) || new URLSearchParams(search).get('code') || '').trim())
  useEffect(() => {
    const rest = new URLSearchParams(search)
    rest.delete('code')
    if (code) history.replaceState(history.state, '', pathname + (rest.size ? `?${rest}` : ''))
  }, [code, pathname, search])
  return code
}
