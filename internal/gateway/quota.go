// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/wire"
)

// An account's traffic of a month counts what its endpoints took and
// delivered, and what sessions of its clients carried. At 80 % of the quota the
// operator is told. At the whole, what carries it ends, and nothing new begins
// until the month is over or the quota raised: who is connected could otherwise
// go on for ever.

// QuotaHook is called when an account comes near its quota, or to its end.
type QuotaHook func(QuotaEvent)

// QuotaEvent is what a QuotaHook is told.
type QuotaEvent struct {
	Account      string
	Month        string // such as 2026-11
	Bytes        uint64
	MonthlyBytes int64 // the quota
	Exceeded     bool  // else 80 % are used up
}

const reasonQuota = "quota_exceeded"

var errQuota = errors.New("its traffic of this month is used up")

// tunnelQuota is signaling's hook.
func (l *ledger) tunnelQuota(user int64) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if h := l.holders[user]; h != nil && h.spent {
		return errQuota
	}
	return nil
}

// verdict is that something changed for an account.
type verdict struct {
	user int64
	QuotaEvent
}

// spend adds what accounts have used since the last call, begins a new month if
// it is time, and returns for whom something changed.
func (l *ledger) spend(now time.Time, bytes map[int64]uint64) (list []verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := monthOf(now); m != l.month {
		l.month = m
		for _, h := range l.holders {
			h.used = 0
			l.judgeLocked(h)
		}
	}
	for user, n := range bytes {
		h := l.holders[user]
		if h == nil {
			continue
		}
		h.used += n
		if v, changed := l.judgeLocked(h); changed {
			list = append(list, v)
		}
	}
	return list
}

// quotas returns the sums of what was told, and how many accounts are at their
// end now.
func (l *ledger) quotas() (warnings, exceeded uint64, spent int) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, h := range l.holders {
		if h.spent {
			spent++
		}
	}
	return l.warnings, l.exceeded, spent
}

// rejudge looks at everybody, after limits have changed.
func (l *ledger) rejudge() (list []verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.holders {
		if v, changed := l.judgeLocked(h); changed {
			list = append(list, v)
		}
	}
	return list
}

// judgeLocked compares what h has used with its quota, and reports whether that
// has become worse. It takes back what does not hold any more.
func (l *ledger) judgeLocked(h *holder) (v verdict, worse bool) {
	quota := l.quotaLocked(h)
	spent := quota > 0 && h.used >= uint64(quota)
	warned := quota > 0 && h.used >= uint64(quota-quota/5)
	worse = warned && !h.warned || spent && !h.spent
	if spent && !h.spent {
		l.exceeded++
	} else if worse {
		l.warnings++
	}
	h.spent, h.warned = spent, warned
	h.group.SetSpent(spent)
	return verdict{h.id, QuotaEvent{
		Account: h.name, Month: l.month, Bytes: h.used, MonthlyBytes: quota, Exceeded: spent,
	}}, worse
}

// enforce tells of verdicts, and ends what an account may not have any more.
func (b *book) enforce(list []verdict) {
	for _, v := range list {
		kind, text := inventory.QuotaWarning, "an account has used 80 % of its traffic of this month"
		if v.Exceeded {
			kind, text = inventory.QuotaExceeded, "an account has used up its traffic of this month"
		}
		b.log().Warn(text, zap.String("account", v.Account), zap.Uint64("bytes", v.Bytes), zap.Int64("monthly_bytes", v.MonthlyBytes))
		b.feed.tell(kind, v.Account, strconv.FormatUint(v.Bytes, 10), v.user)
		if hook := b.quotaHook.Load(); hook != nil && *hook != nil {
			(*hook)(v.QuotaEvent)
		}
		if !v.Exceeded {
			continue
		}
		for _, id := range b.ledger.of(v.user) {
			b.hub.CloseAll(id, hub.Closing{Code: hub.CloseQuota, Reason: reasonQuota})
		}
		b.tunnels.DropSessionsOf(v.user, wire.CodeQuota, "the account "+v.Account+" has used up its traffic of this month")
	}
}
