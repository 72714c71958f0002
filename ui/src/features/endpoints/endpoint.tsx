// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { EndpointScreen } from './endpoint-screen'

/** Component is the page of one of one's own endpoints. */
export function Component() {
  return <EndpointScreen scope="own" />
}
