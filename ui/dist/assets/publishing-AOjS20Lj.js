var e=`# Publishing

[中文](publishing.zh-CN.md)

A service behind NAT becomes a website of the gateway's: the gateway ends HTTPS, and carries requests through the tunnel to the client that offers the service. Nothing has to be reloaded for it, and the client needs no public address.

Two things to know first:

- **The gateway reads what is published.** It ends HTTPS in place of the service, so whoever runs it can read and change what goes through. From the gateway to the client everything is encrypted again, between the gateway's own key and the client's. Tunnels between two clients stay unreadable to the gateway; publishing is the exception.
- **Only what says so is published.** A service without \`publish\` in its client's own configuration cannot be reached from outside, whatever the gateway is told: the client refuses the gateway's key for it.

## In one line

\`\`\`sh
tunnelclient http 8080
\`\`\`

prints the URL of the website that listens on port 8080 of this machine, such as \`https://http-8080-alice.apps.example.com\`, and publishes it until Ctrl-C. \`--name web\` makes that \`https://web-alice.apps.example.com\`. Where stderr is a terminal, it shows how many connections there are and what they carry.

## In the configuration

\`\`\`yaml
services:
  - id: web
    protocol: http
    localPort: 8080
    publish: {host: web}
\`\`\`

The service has the name \`web-alice\` below the gateway's domain: \`host\`, a hyphen, and the account's name; a client without an account has the bare \`host\`. \`tunnelclient status\` shows the URL, or why there is none:

| what is said | what to do |
| --- | --- |
| the name is reserved, or somebody else has it | use another \`host\` |
| this gateway has no site for published names | its operator has to set one up, see below |

A name belongs to the client's service as long as the client offers it, online or not. It is free again when the service loses its \`publish\`, or the client's token is revoked.

A published connection survives the client's change of network like every encrypted connection. With \`encryption: none\` it does not, but costs less. If the gateway itself restarts, visitors have to connect again.

## Ports

\`\`\`sh
tunnelclient tcp 22
\`\`\`

prints an address such as \`tcp://gateway.example.com:20000\`: whoever connects there reaches port 22 of this machine, \`ssh -p 20000 gateway.example.com\`. \`--port\` chooses the public port. In the configuration:

\`\`\`yaml
services:
  - id: ssh
    protocol: tcp
    localPort: 22
    publish: {tcp: 0}
\`\`\`

0 takes any free port of those that the gateway has for the public, and keeps it for this service, through restarts of both, until the service loses its \`publish\` or the token is revoked. Bytes pass as they are, and so do the end of one direction and a reset. The gateway does not know who may come: whoever finds the port can try, so the service has to ask.

While the client is away, connections wait for it for some seconds, if it was there half a minute ago, and are reset otherwise.

## On the gateway

\`Caddyfile.example\` has a site for published names already. Where it is comes from the environment:

\`\`\`sh
CULVERT_SITE=gateway.example.com CULVERT_PUBLISH_SITE='https://*.apps.example.com' culvert run --config Caddyfile.example
\`\`\`

DNS needs a wildcard record, \`*.apps.example.com\`, that leads to the gateway. Certificates are obtained at the first visit of a name, and only for names under which something is published (\`permission culvert\`). Without \`CULVERT_PUBLISH_SITE\` names are below \`http://*.apps.localhost:8080\`, which browsers and curl find on the machine itself.

Public ports are 20000 to 20099, or those of \`CULVERT_PORTS\`; open them in the firewall. An account may have 10 of them (\`max_ports_per_account\`).

In a Caddyfile of your own:

\`\`\`caddyfile
{
	culvert {
		publish https://*.apps.example.com   # printed to clients as their URL
		ports   tcp 20000-20099
	}
	on_demand_tls {
		permission culvert
	}
}
https://*.apps.example.com {
	tls {
		on_demand
	}
	culvert_publish
}
\`\`\`

\`culvert_publish\` stands for a \`reverse_proxy\` with \`dynamic culvert\` and \`transport culvert\`, which lets no address of the block list in and answers with a page, in English or Chinese, what is missing: 404 for a name under which nothing is published, 503 if the client is offline, 502 if it is there but the service is not, 504 if it does not answer in time.

### Any Caddy handler in front

A published service is an upstream like any other. Its address is \`culvert/service.client.account\`, or \`culvert/service.client\` if the client has no account:

\`\`\`caddyfile
intranet.example.com {
	basic_auth {
		alice $2a$14$...
	}
	reverse_proxy culvert/web.nas.alice culvert/web.backup.alice {
		transport culvert
		lb_policy first
		lb_retries 1
		stream_close_delay 24h
	}
}
\`\`\`

The client only has to say \`publish: {}\` for the service; it needs no \`host\`. \`transport culvert\` has the settings of Caddy's [\`http\` transport](https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#the-http-transport), such as \`tls\` to speak HTTPS with the service, \`versions h2c\` for gRPC, and \`proxy_protocol v2\`; those that say how an address is dialled do not apply, and are refused. Several upstreams, health checks and retries work as with other addresses. Without \`stream_close_delay\` a reload of the configuration ends open WebSockets.

| setting | default | |
| --- | --- | --- |
| \`dial_timeout\` | 10s | until the service has been reached; a client that changes its network is back sooner |
`;export{e as default};