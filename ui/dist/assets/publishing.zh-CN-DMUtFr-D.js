var e=`# 发布服务

[English](publishing.md)

位于 NAT 之后的服务可以成为网关上的一个网站：网关负责 HTTPS，并通过隧道把请求送到提供该服务的客户端。不需要重新加载配置，客户端也不需要公网地址。

先了解两点：

- **网关能读到发布的内容。** 它代替服务终结 HTTPS，因此运行网关的人可以读取和修改经过的数据。从网关到客户端的这一段会再次加密，使用网关自己的密钥和客户端的密钥。两个客户端之间的隧道对网关仍然不可读；发布是例外。
- **只有明确声明的服务才会发布。** 客户端自己的配置中没有 \`publish\` 的服务无法从外部访问，无论别人对网关说什么：客户端会拒绝网关的密钥。

## 一行命令

\`\`\`sh
tunnelclient http 8080
\`\`\`

它打印本机 8080 端口上的网站的网址，例如 \`https://http-8080-alice.apps.example.com\`，并一直发布到按下 Ctrl-C。使用 \`--name web\` 时网址是 \`https://web-alice.apps.example.com\`。如果 stderr 是终端，还会显示连接数和流量。

## 写在配置里

\`\`\`yaml
services:
  - id: web
    protocol: http
    localPort: 8080
    publish: {host: web}
\`\`\`

该服务在网关的域名之下得到名称 \`web-alice\`：\`host\`、一个连字符和账户名；没有账户的客户端直接使用 \`host\`。\`tunnelclient status\` 显示网址，或者没有网址的原因：

| 提示 | 处理方法 |
| --- | --- |
| 名称已保留，或已被他人占用 | 换一个 \`host\` |
| 此网关没有用于发布名称的站点 | 需要网关的运营者设置，见下文 |

只要客户端提供该服务，名称就属于它，不论客户端是否在线。服务去掉 \`publish\`，或客户端的令牌被撤销后，名称被释放。

与所有加密连接一样，发布的连接在客户端更换网络后继续存在。使用 \`encryption: none\` 时不会，但开销更小。如果网关本身重启，访问者需要重新连接。

## 端口

\`\`\`sh
tunnelclient tcp 22
\`\`\`

它打印一个地址，例如 \`tcp://gateway.example.com:20000\`：连接到那里就到达本机的 22 端口，即 \`ssh -p 20000 gateway.example.com\`。用 \`--port\` 选择公开的端口。写在配置里：

\`\`\`yaml
services:
  - id: ssh
    protocol: tcp
    localPort: 22
    publish: {tcp: 0}
\`\`\`

0 表示从网关的公开端口中取任意一个空闲端口，并一直为该服务保留，双方重启后也不变，直到服务去掉 \`publish\` 或令牌被撤销。字节原样通过，单向结束和重置也是如此。网关不知道谁可以访问：任何找到该端口的人都可以尝试，因此服务自己必须验证。

客户端离开时，如果半分钟之内曾在线，连接会等待几秒，否则被重置。

## 在网关上

\`Caddyfile.example\` 已经包含用于发布名称的站点。它的地址来自环境变量：

\`\`\`sh
CULVERT_SITE=gateway.example.com CULVERT_PUBLISH_SITE='https://*.apps.example.com' culvert run --config Caddyfile.example
\`\`\`

DNS 需要一条指向网关的通配记录 \`*.apps.example.com\`。证书在名称第一次被访问时获取，而且只为已发布的名称获取（\`permission culvert\`）。没有 \`CULVERT_PUBLISH_SITE\` 时，名称位于 \`http://*.apps.localhost:8080\` 之下，浏览器和 curl 会在本机找到它们。

公开端口是 20000 到 20099，或 \`CULVERT_PORTS\` 中的端口；请在防火墙中打开。每个账户最多可以使用 10 个（\`max_ports_per_account\`）。

在您自己的 Caddyfile 中：

\`\`\`caddyfile
{
	culvert {
		publish https://*.apps.example.com   # 作为网址告诉客户端
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

\`culvert_publish\` 代表一个带有 \`dynamic culvert\` 和 \`transport culvert\` 的 \`reverse_proxy\`。它不让封禁列表中的地址进入，并用中文或英文页面说明缺少什么：名称下没有发布内容时为 404，客户端离线时为 503，客户端在线而服务不可达时为 502，没有及时响应时为 504。

### 在前面使用任何 Caddy 处理器

发布的服务与其他上游一样。它的地址是 \`culvert/服务.客户端.账户\`；客户端没有账户时是 \`culvert/服务.客户端\`：

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

客户端只需要为该服务写 \`publish: {}\`，不需要 \`host\`。\`transport culvert\` 具有 Caddy 的 [\`http\` 传输](https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#the-http-transport)的设置，例如用 \`tls\` 与服务使用 HTTPS，用 \`versions h2c\` 支持 gRPC，以及 \`proxy_protocol v2\`；与如何拨号有关的设置不适用，会被拒绝。多个上游、健康检查和重试与其他地址相同。没有 \`stream_close_delay\` 时，重新加载配置会断开已打开的 WebSocket。

| 设置 | 默认值 | |
| --- | --- | --- |
| \`dial_timeout\` | 10s | 直到连接到服务；更换网络的客户端会更早回来 |
`;export{e as default};