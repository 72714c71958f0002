// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** Values are what the pieces are filled with. */
export type Values = {
  /** what is proxied to, such as culvert/web.nas.alice, and another client's service of the same kind */
  upstream: string
  other: string
  /** where names are, such as https://*.apps.example.com */
  site: string
}

/** snippets are pieces of a Caddyfile, in the order in which they are shown. */
export const snippets = {
  password: ({ upstream }: Values) => `intranet.example.com {
	basic_auth {
		alice $2a$14$...
	}
	reverse_proxy ${upstream} {
		transport culvert
		stream_close_delay 24h
	}
}`,
  balance: ({ upstream, other }: Values) => `intranet.example.com {
	reverse_proxy ${upstream} ${other} {
		transport culvert
		lb_policy first
		lb_retries 1
		stream_close_delay 24h
	}
}`,
  certificate: ({ upstream }: Values) => `intranet.example.com {
	tls /etc/ssl/intranet.pem /etc/ssl/intranet.key
	reverse_proxy ${upstream} {
		transport culvert
		stream_close_delay 24h
	}
}`,
  port: ({ upstream }: Values) => `{
	culvert {
		listen tcp/:2222 ${slashed(upstream)}
	}
}`,
  names: ({ site }: Values) => `{
	culvert {
		publish ${site} ${allHosts(site)}
		ports   tcp 20000-20099
		ports   udp 20000-20099
	}
	on_demand_tls {
		permission culvert
	}
}
(published) {
	tls {
		on_demand
	}
	culvert_publish
}
${site} {
	import published
}
${allHosts(site)} {
	import published
}`,
  wildcard: ({ site }: Values) => `${site} {
	tls {
		dns cloudflare {env.CLOUDFLARE_API_TOKEN}
	}
	culvert_publish
}`,
} satisfies Record<string, (values: Values) => string>

/** slashed is how ports call the service of an upstream: alice/nas/web. */
function slashed(upstream: string) {
  return upstream.replace('culvert/', '').split('.').reverse().join('/')
}

/** allHosts is every host where a site is: https:// or http://:8080. */
const allHosts = (site: string) => site.replace(/\/\/[^:]*/, '//')
