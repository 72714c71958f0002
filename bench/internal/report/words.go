// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/tcpload"
	"github.com/culvertd/culvert/bench/internal/udpload"
	"github.com/culvertd/culvert/bench/internal/wsload"
)

// words are the texts of the generated part in one language.
type words struct {
	machine string // date, CPU, cores, memory, kernel, Go, versions, rounds, rounds with TLS, duration, settle, idle
	// machineTunnels has the same arguments.
	machineTunnels string
	targets        string
	verdictHead    []string
	yes, no        string
	unknown        string
	server         string
	spread         string
	failed         string // server, number
	withTLS        string
	cases          map[string]string
	metrics        map[string]string
}

var languages = map[string]words{
	"en": {
		machine: "Measured on %s: %s, %d cores, %g GiB of memory, Linux %s, %s. %s. " +
			"Medians of %d rounds (%d with TLS) of %s; memory %s after the last of %d idle connects.",
		machineTunnels: "Measured on %s: %s, %d cores, %g GiB of memory, Linux %s, %s. %s. " +
			"Medians of %d rounds of %[10]s; memory %s after the last of %d idle connects.",
		targets:     "Targets",
		verdictHead: []string{"case", "target", "that is", "Culvert", "reached"},
		yes:         "yes",
		no:          "**no**",
		unknown:     "not measured",
		server:      "server",
		spread:      "least..greatest",
		failed:      "%s failed in %d rounds.",
		withTLS:     ", with TLS",
		cases: map[string]string{
			cases.Saturated1000: "1,000 receivers, saturated",
			cases.Saturated5000: "5,000 receivers, saturated",
			cases.OneByOne:      "1,000 receivers, one message at a time",
			cases.Paced:         "1,000 receivers, 50 messages a second",
			cases.IdleConns:     "idle connections",
			cases.Intact:        "32 MiB echoed on each of two streams, compared by SHA-256",
			cases.Up1:           "1 stream, to the service",
			cases.Down1:         "1 stream, from the service",
			cases.Up8:           "8 streams, to the service",
			cases.Down8:         "8 streams, from the service",
			cases.Setup1:        "new connections, one after the other",
			cases.Setup32:       "new connections, 32 workers",
			cases.Burst:         "2,000 connections within 100 ms",
			cases.Ping:          "ping of 64 bytes, idle tunnel",
			cases.PingBulk:      "ping beside 32 streams paced to 100 MB/s together",
			cases.SilentPeers:   "opening a connection beside 5,000 silent ones on the server's port",
			cases.UDP64:         "UDP, 64 bytes, unpaced",
			cases.UDP1200:       "UDP, 1,200 bytes, 20,000 packets a second",
			cases.UDPPing:       "UDP ping of 64 bytes",
			cases.UDPBeside:     "UDP ping of one source beside a flood of another",
			cases.FirstByte:     "first byte of a new connection, 40 ms of round trip on each leg",
			cases.Down40:        "1 stream from the service, 40 ms of round trip on each leg",
			cases.IdleTunnels:   "idle tunnelled connections",
		},
		metrics: map[string]string{
			wsload.Deliveries:     "deliveries/s",
			wsload.ServerCPU:      "server CPU s per million",
			wsload.ClientCPU:      "client CPU s per million",
			wsload.WireBytes:      "bytes per delivery",
			wsload.P50:            "p50 ms",
			wsload.P99:            "p99 ms",
			wsload.Lost:           "lost",
			wsload.KiBPerConn:     "KiB per connection",
			wsload.StartPSS:       "MiB at start-up",
			wsload.PSS:            "MiB with connections",
			wsload.PerConn:        "goroutines per connection",
			wsload.ConnectsPerS:   "connects/s",
			wsload.IdleCPU:        "CPU % while idle",
			wsload.Disconnected:   "disconnected",
			tcpload.Intact:        "intact streams",
			tcpload.Rate:          "MB/s",
			tcpload.ServerCPU:     "server CPU s per GB",
			tcpload.ChainCPU:      "CPU s per GB, with both agents",
			tcpload.ConnsPerS:     "connections/s",
			tcpload.FirstP50:      "first byte p50 ms",
			tcpload.FirstP99:      "first byte p99 ms",
			tcpload.FirstMax:      "first byte max ms",
			tcpload.ServerPerConn: "server CPU µs per connection",
			tcpload.ChainPerConn:  "CPU µs per connection, with both agents",
			tcpload.Failed:        "failed",
			tcpload.Done:          "ms until all are served",
			tcpload.Max:           "max ms",
			tcpload.BulkRate:      "bulk MB/s",
			tcpload.Raised:        "p99 with / without",
			tcpload.CalmP99:       "p99 ms without",
			tcpload.SilentP99:     "p99 ms with",
			tcpload.Held:          "silent ones held",
			tcpload.PerPing:       "first byte / ping",
			tcpload.PingP50:       "ping p50 ms",
			tcpload.KiBPerConn:    "server KiB per connection",
			tcpload.FDPerConn:     "server descriptors per connection",
			tcpload.ProviderKiB:   "provider KiB per connection",
			tcpload.VisitorKiB:    "visitor KiB per connection",
			tcpload.OpenPerS:      "opened/s",
			udpload.Delivered:     "delivered packets/s",
			udpload.Offered:       "offered packets/s",
			udpload.Loss:          "loss %",
			udpload.ServerCPU:     "server CPU µs per packet",
			udpload.ChainCPU:      "CPU µs per packet, with both agents",
			udpload.Raised:        "p99 beside / alone",
			udpload.BesideP50:     "p50 ms beside",
			udpload.BesideP99:     "p99 ms beside",
		},
	},
	"zh-CN": {
		machine: "测量于 %s：%s，%d 核，内存 %g GiB，Linux %s，%s。%s。" +
			"取 %d 轮（TLS 为 %d 轮）的中位数，每轮 %s；内存在最后一个空闲连接（共 %[12]d 个）建立 %[11]s 之后读取。",
		machineTunnels: "测量于 %s：%s，%d 核，内存 %g GiB，Linux %s，%s。%s。" +
			"取 %d 轮的中位数，每轮 %[10]s；内存在最后一个空闲连接（共 %[12]d 个）建立 %[11]s 之后读取。",
		targets:     "目标",
		verdictHead: []string{"场景", "目标", "折算", "Culvert", "达到"},
		yes:         "是",
		no:          "**否**",
		unknown:     "未测量",
		server:      "服务器",
		spread:      "最小..最大",
		failed:      "%s 有 %d 轮失败。",
		withTLS:     "（TLS）",
		cases: map[string]string{
			cases.Saturated1000: "1,000 个接收者，满负荷",
			cases.Saturated5000: "5,000 个接收者，满负荷",
			cases.OneByOne:      "1,000 个接收者，逐条发送",
			cases.Paced:         "1,000 个接收者，每秒 50 条",
			cases.IdleConns:     "空闲连接",
			cases.Intact:        "两个流各回送 32 MiB，用 SHA-256 比对",
			cases.Up1:           "1 个流，发往服务",
			cases.Down1:         "1 个流，来自服务",
			cases.Up8:           "8 个流，发往服务",
			cases.Down8:         "8 个流，来自服务",
			cases.Setup1:        "新连接，逐个建立",
			cases.Setup32:       "新连接，32 个并发",
			cases.Burst:         "100 毫秒内 2,000 个连接",
			cases.Ping:          "64 字节往返，隧道空闲",
			cases.PingBulk:      "往返，同时有 32 个流共 100 MB/s",
			cases.SilentPeers:   "服务器端口上有 5,000 个不说话的连接时建立连接",
			cases.UDP64:         "UDP，64 字节，不限速",
			cases.UDP1200:       "UDP，1,200 字节，每秒 20,000 个包",
			cases.UDPPing:       "UDP 64 字节往返",
			cases.UDPBeside:     "一个来源的 UDP 往返，另一来源同时灌入流量",
			cases.FirstByte:     "新连接的首字节，每段往返 40 毫秒",
			cases.Down40:        "1 个流，来自服务，每段往返 40 毫秒",
			cases.IdleTunnels:   "空闲的隧道连接",
		},
		metrics: map[string]string{
			wsload.Deliveries:     "投递/秒",
			wsload.ServerCPU:      "服务器 CPU 秒/百万次",
			wsload.ClientCPU:      "客户端 CPU 秒/百万次",
			wsload.WireBytes:      "字节/次",
			wsload.P50:            "p50 毫秒",
			wsload.P99:            "p99 毫秒",
			wsload.Lost:           "丢失",
			wsload.KiBPerConn:     "KiB/连接",
			wsload.StartPSS:       "启动时 MiB",
			wsload.PSS:            "有连接时 MiB",
			wsload.PerConn:        "goroutine/连接",
			wsload.ConnectsPerS:   "连接/秒",
			wsload.IdleCPU:        "空闲时 CPU %",
			wsload.Disconnected:   "断开",
			tcpload.Intact:        "完好的流",
			tcpload.Rate:          "MB/s",
			tcpload.ServerCPU:     "服务器 CPU 秒/GB",
			tcpload.ChainCPU:      "CPU 秒/GB（含两端代理）",
			tcpload.ConnsPerS:     "连接/秒",
			tcpload.FirstP50:      "首字节 p50 毫秒",
			tcpload.FirstP99:      "首字节 p99 毫秒",
			tcpload.FirstMax:      "首字节最大毫秒",
			tcpload.ServerPerConn: "服务器 CPU 微秒/连接",
			tcpload.ChainPerConn:  "CPU 微秒/连接（含两端代理）",
			tcpload.Failed:        "失败",
			tcpload.Done:          "全部完成的毫秒数",
			tcpload.Max:           "最大毫秒",
			tcpload.BulkRate:      "批量 MB/s",
			tcpload.Raised:        "p99 有/无",
			tcpload.CalmP99:       "无时 p99 毫秒",
			tcpload.SilentP99:     "有时 p99 毫秒",
			tcpload.Held:          "保持的沉默连接",
			tcpload.PerPing:       "首字节/往返",
			tcpload.PingP50:       "往返 p50 毫秒",
			tcpload.KiBPerConn:    "服务器 KiB/连接",
			tcpload.FDPerConn:     "服务器描述符/连接",
			tcpload.ProviderKiB:   "提供端 KiB/连接",
			tcpload.VisitorKiB:    "访问端 KiB/连接",
			tcpload.OpenPerS:      "建立/秒",
			udpload.Delivered:     "送达包/秒",
			udpload.Offered:       "发出包/秒",
			udpload.Loss:          "丢失 %",
			udpload.ServerCPU:     "服务器 CPU 微秒/包",
			udpload.ChainCPU:      "CPU 微秒/包（含两端代理）",
			udpload.Raised:        "p99 同时/单独",
			udpload.BesideP50:     "同时 p50 毫秒",
			udpload.BesideP99:     "同时 p99 毫秒",
		},
	},
}
