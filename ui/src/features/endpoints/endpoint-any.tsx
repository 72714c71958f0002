// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { EndpointScreen } from './endpoint-screen'

/** Component is the page of anybody's endpoint, for administrators. */
export function Component() {
  return <EndpointScreen scope="every" />
}
