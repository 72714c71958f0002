// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useFormat } from '@/components/format'
import { useLiveEndpoint } from '@/live/context'

import type { Endpoint } from './scope'

/** LiveCells are the numbers of a row. The stream has only the busiest endpoints: others have those that were fetched. */
export function LiveCells({ endpoint: { id, stats }, wide }: { endpoint: Endpoint; wide: boolean }) {
  const format = useFormat()
  const { connections, rates } = useLiveEndpoint(id) ?? stats
  return (
    <>
      <td className="number numbers">{format.number(connections)}</td>
      {wide && (
        <>
          <td className="number numbers">{format.rate(rates.messages_in + rates.messages_out)}</td>
          <td className="number numbers">{format.byteRate(rates.bytes_in + rates.bytes_out)}</td>
        </>
      )}
    </>
  )
}
