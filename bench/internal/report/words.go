// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/wsload"
)

// words are the texts of the generated part in one language.
type words struct {
	machine     string // date, CPU, cores, memory, kernel, Go, versions, rounds, rounds with TLS, duration, settle, idle
	targets     string
	verdictHead []string
	yes, no     string
	unknown     string
	server      string
	spread      string
	failed      string // server, number
	withTLS     string
	cases       map[string]string
	metrics     map[string]string
}

var languages = map[string]words{
	"en": {
		machine: "Measured on %s: %s, %d cores, %g GiB of memory, Linux %s, %s. %s. " +
			"Medians of %d rounds (%d with TLS) of %s; memory %s after the last of %d idle connects.",
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
		},
		metrics: map[string]string{
			wsload.Deliveries:   "deliveries/s",
			wsload.ServerCPU:    "server CPU s per million",
			wsload.ClientCPU:    "client CPU s per million",
			wsload.WireBytes:    "bytes per delivery",
			wsload.P50:          "p50 ms",
			wsload.P99:          "p99 ms",
			wsload.Lost:         "lost",
			wsload.KiBPerConn:   "KiB per connection",
			wsload.StartPSS:     "MiB at start-up",
			wsload.PSS:          "MiB with connections",
			wsload.PerConn:      "goroutines per connection",
			wsload.ConnectsPerS: "connects/s",
			wsload.IdleCPU:      "CPU % while idle",
			wsload.Disconnected: "disconnected",
		},
	},
	"zh-CN": {
		machine: "测量于 %s：%s，%d 核，内存 %g GiB，Linux %s，%s。%s。" +
			"取 %d 轮（TLS 为 %d 轮）的中位数，每轮 %s；内存在最后一个空闲连接（共 %[12]d 个）建立 %[11]s 之后读取。",
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
		},
		metrics: map[string]string{
			wsload.Deliveries:   "投递/秒",
			wsload.ServerCPU:    "服务器 CPU 秒/百万次",
			wsload.ClientCPU:    "客户端 CPU 秒/百万次",
			wsload.WireBytes:    "字节/次",
			wsload.P50:          "p50 毫秒",
			wsload.P99:          "p99 毫秒",
			wsload.Lost:         "丢失",
			wsload.KiBPerConn:   "KiB/连接",
			wsload.StartPSS:     "启动时 MiB",
			wsload.PSS:          "有连接时 MiB",
			wsload.PerConn:      "goroutine/连接",
			wsload.ConnectsPerS: "连接/秒",
			wsload.IdleCPU:      "空闲时 CPU %",
			wsload.Disconnected: "断开",
		},
	},
}
