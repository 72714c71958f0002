var e=`# 端点

[English](endpoints.md)

端点是一个 URL，例如 \`wss://example.com/ws/Zk3vJ0y4Q9m1xT7uWbR2sA\`。任何 WebSocket 客户端只要有这个 URL 就能连接。一个客户端发送的消息，该端点的其他所有客户端都会收到。

URL 的最后一段是端点的 id：128 个随机比特，写成 22 个字符。公开的端点只靠它保护，请像密码一样分享。离开本机时请使用 \`wss://\`。

## 保证

- **同一顺序。** 所有接收者看到的消息顺序相同。
- **没有回声。** 客户端不会收到自己发送的消息。同一个程序的两个连接算两个客户端。
- **原样。** 文本消息仍是文本，二进制消息仍是二进制，逐字节相同。分片会合并，消息完整到达。
- **文本是 UTF-8。** 不是 UTF-8 的文本会使发送者以 1007 关闭；否则每个收到它的浏览器都会断开。
- **从现在开始。** 客户端收到的是它连接之后发送的消息，没有历史。
- **不等慢的接收者。** 落后太多的接收者以 1013 关闭；在此之前收到的内容完整且有序。
- **至多一次。** 被接受的消息会送达保持连接的客户端。没有确认；程序如果需要确认，请自己用消息来做。

网关不解读消息，也不保存消息，并忽略 cookie。客户端提出子协议时，网关选择其中第一个；除非它是密钥，否则它对网关没有含义。

90 天没有人使用的端点会被删除（\`idle_removal\`）；最后 7 天里，所有者能看到删除的时间。保持连接也算使用。

## 私有端点

私有端点还要求密钥。对没有密钥的人来说它不存在：得到的回答与 id 不存在时相同。密钥（\`cvk_…\`）只在生成时显示一次（\`POST /api/v1/endpoints/ID/key\`），之后只保存散列值。生成新密钥时，所有连接以 4412 关闭。客户端有三种发送方式：

- 程序：请求头 \`Authorization: Bearer cvk_…\`。
- 网页：作为子协议，\`new WebSocket(url, ["culvert.key." + key, "chat"])\`。网关选择其余子协议中的第一个；如果没有，只能用密钥本身来回答。
- 不应持有密钥的网页：使用票据。由你的服务器申请（\`POST /api/v1/endpoints/ID/tickets\`）并交给网页，网页在 URL 后加上 \`?ticket=…\`。票据 30 秒内有效，只能建立一个连接。

密钥不会出现在 URL 中。以子协议携带密钥的请求和带票据的请求，不写入网关的访问日志；前面的代理则可能记录它们。

## 限制

| 限制 | 默认值 | 超出时 |
| --- | --- | --- |
| 消息长度，按合并和解压后计算 | 1 MiB | 发送者以 1009 关闭 |
| 每个端点的连接数 | 10,000 | 握手得到 503 \`endpoint_full\` |
| 一个账户所有端点的连接总数 | 不限 | 握手得到 503 \`account_full\` |
| 一个账户每月的字节数，端点和隧道合计 | 不限 | 连接以 4429 关闭，握手得到 429 \`quota_exceeded\` |
| 每个连接每秒的消息数或字节数 | 不限 | 该连接以 1008 关闭 |
| 每个端点每秒的消息数或字节数 | 不限 | 造成超出的连接以 1013 关闭 |
| 接收者最多落后 | 16 MiB 的消息 | 接收者以 1013 关闭 |
| 回应 ping | 10 秒 | 连接被切断，客户端看到 1006 |

速率允许一秒的突发量。关闭原因会用 Caddyfile 里的名字指出是哪个限制。默认值由运维者在 Caddyfile 中设定，端点也可以有自己的值（消息长度最多 64 MiB）：

\`\`\`sh
culvert endpoint set ID --max-message-size 4MiB --message-rate 100
\`\`\`

**每月流量。** 账户用到字节数的 80% 和 100% 时，网关会写日志、计数（\`culvert_quota_events_total\`），并发出 Caddy 事件 \`culvert_quota_warning\` 和 \`culvert_quota_exceeded\`，带有账户、月份和字节数，可以用全局选项 \`events\` 处理。限额在达到后一秒内生效。

**Ping。** 网关每 25 秒发送一次 ping，使连接能穿过代理而不被断开。客户端会自动回应，浏览器也是。保持连接不需要自己的心跳；但如果客户端要很快发现网络中断，应当发送一条消息并等待对方回应。

**压缩**（permessage-deflate）默认关闭。\`culvert endpoint set ID --compression\` 向提出要求的客户端提供压缩。它适合慢网络上的长文本，代价是网关的计算时间；小于 512 字节的消息，以及压缩后没有变短的消息，原样发送。要求网关一侧使用自定窗口大小的客户端不会得到压缩。

**来源。** 任何网页都可以连接，除非端点有一个列表：\`culvert endpoint set ID --origin https://app.example.com\`。这个列表针对浏览器，浏览器无法伪造来源；不发送 \`Origin\` 头的程序可以连接。

## 关闭码

| 关闭码 | 原因 | 怎么办 |
| --- | --- | --- |
| 1001 | 服务器的配置中移除了网关 | 以后再试 |
| 1002 | 客户端违反了 WebSocket 协议 | 修正客户端 |
| 1007 | 文本不是 UTF-8，或压缩数据损坏 | 不是文本的内容请用二进制发送 |
| 1008 | 该连接的发送速率超出限制 | 少发一些，再重连 |
| 1009 | 消息太大 | 发送更小的消息 |
| 1012 | 网关重启；原因以 \`retry-after=秒数\` 结尾 | 过了这段时间再重连 |
| 1013 | 客户端太慢，或端点速率超限，或内存不足 | 过一会儿重连 |
| 4403 | 客户端的地址被封禁，或账户被停用 | 不要重连 |
| 4410 | 端点已被删除，或换了 id | 不要重连 |
| 4411 | 端点的所有者或管理员关闭了这个连接 | 不要自动重连 |
| 4412 | 端点变为私有，或换了密钥 | 取得密钥后再重连 |
| 4429 | 账户本月的流量已用完 | 下个月再试 |
| 1006 | 没有收到关闭帧：网络或进程中断 | 重连 |

客户端主动关闭时，网关用客户端自己的关闭码回答。

## 握手被拒绝

回答是 JSON：\`{"code": "…", "message": "…", "details": {…}}\`。code 保持不变，message 供人阅读。浏览器不会把回答交给网页；可以用 \`curl -i\` 或开发者工具查看。

| 状态 | code | 原因 |
| --- | --- | --- |
| 400、405 | \`bad_handshake\` | 握手违反 WebSocket 协议，message 说明哪里不对 |
| 400 | \`body_not_allowed\` | 握手请求带有正文 |
| 403 | \`blocked\` | 运维者封禁了这个地址 |
| 403 | \`origin_not_allowed\` | 端点有来源列表，而网页的来源不在其中 |
| 404 | \`endpoint_not_found\` | 没有这个端点，或已被删除；或端点是私有的，而密钥不对或没有密钥 |
| 426 | \`upgrade_required\` | 请求不是 WebSocket 握手 |
| 429 | \`quota_exceeded\` | 账户本月的流量已用完 |
| 501 | \`extended_connect_unsupported\` | 基于 HTTP/2 或 HTTP/3 的 WebSocket；请用 HTTP/1.1 连接，浏览器会自动这样做 |
| 503 | \`endpoint_full\` | 端点的连接数已满 |
| 503 | \`account_full\` | 该账户所有端点的连接总数已满 |
| 503 | \`overloaded\` | 网关没有空闲的文件描述符 |
| 503 | \`gateway_not_ready\`、\`stopping\` | 网关正在启动或停止 |

503 带有 \`Retry-After\` 头。

## 重连

好的客户端会自己重连，每次等得更久，不和别人同时，并且听从 \`retry-after\`。适用于浏览器，以及 Node 22 起：

\`\`\`js
function connect(url, onMessage) {
  let socket, attempt = 0;

  function open() {
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { attempt = 0; };
    socket.onmessage = (event) => onMessage(event.data);
    socket.onclose = ({ code, reason }) => {
      if (code === 1000 || code === 1008 || code >= 4400) return; // 自己关闭、发送过多，或不应重连：见上表
      // 1 秒、2 秒、4 秒……最多 30 秒，每次取后半段中的随机时刻。
      let wait = Math.min(30, 2 ** attempt++) * (0.5 + Math.random() / 2);
      const hint = /retry-after=([\\d.]+)$/.exec(reason);
      if (hint) wait = Number(hint[1]);
      setTimeout(open, wait * 1000);
    };
  }

  open();
  return {
    send: (data) => socket.readyState === WebSocket.OPEN && socket.send(data),
    close: () => socket.close(1000),
  };
}
\`\`\`

客户端离线期间发送的消息，它收不到。如果这很重要，请给消息编号，由对方补发缺少的部分。

## 观察端点

\`culvert endpoint list --json\` 显示计数：连接数、收发的消息数和字节数、丢弃的消息数。\`culvert endpoint log ID\` 显示客户端何时来去、来自哪个地址、为何结束。启用 Caddy 的 \`metrics\` 后，所有端点的总数在 \`/metrics\`，名字以 \`culvert_\` 开头。
`;export{e as default};