// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/signaling"
)

// metaSite is the store's key for the site, from which commands make URLs
// while no gateway runs.
const metaSite = "site"

// lockPatience is how long a gateway that starts waits for a command to let go
// of the data folder.
const lockPatience = 2 * time.Second

// running is what a core has between its first Push and Close.
type running struct {
	lock *flock.Flock
	book book
	// database is the config's, which later ones may not change.
	database string
	chores   *chores
	sockets  sockets
	control  *control.Server
	// key is the gateway's own, by which it proves itself as a visitor.
	key *identity.Key
}

// open takes the data folder and starts everything; cfg has its defaults.
func (c *Core) open(ctx context.Context, cfg Config) (_ *running, err error) {
	r := new(running)
	// undo holds what to do backwards if a later step fails.
	var undo []func() error
	defer func() {
		for i := len(undo) - 1; err != nil && i >= 0; i-- {
			if e := undo[i](); e != nil {
				err = fmt.Errorf("%w; additionally, cleaning up: %w", err, e)
			}
		}
	}()

	if r.lock, err = lockFolder(ctx, c.dir, lockPatience); err != nil {
		return nil, err
	}
	undo = append(undo, r.lock.Close)

	if r.book.store, err = openDatabase(ctx, c.dir, cfg.Database); err != nil {
		return nil, err
	}
	r.database = cfg.Database
	undo = append(undo, r.book.store.Close)
	if err = r.book.store.SetMeta(ctx, metaSite, cfg.Site.String()); err != nil {
		return nil, fmt.Errorf("remembering the site: %w", err)
	}
	endpoints, err := r.book.store.Endpoints(ctx)
	if err != nil {
		return nil, err
	}

	b := &r.book
	b.log, b.feed, b.ledger = c.log.Load, newFeed(), newLedger()
	b.follow(cfg)
	if err = b.ledger.load(ctx, b.store); err != nil {
		return nil, err
	}
	r.book.rec = newRecorder(r.book.store, c.log.Load)
	r.book.hub = hub.New(r.hubConfig(cfg))
	undo = append(undo, func() error { return r.book.hub.Close(ctx, hub.Closing{Code: 1012}) })
	for _, e := range endpoints {
		b.install(e)
	}
	r.book.rec.start(r.book.hub.EachSum, cfg.Retention)
	undo = append(undo, func() error { return r.book.rec.Close() })

	if err = r.openTunnels(ctx, c.dir, cfg, c.log.Load); err != nil {
		return nil, err
	}
	undo = append(undo, func() error { return r.closeTunnels(ctx, signaling.Closing{Code: 1012}) })

	if err = r.openAccounts(ctx, c.dir, c.log.Load); err != nil {
		return nil, err
	}
	undo = append(undo, r.closeAccounts)

	r.book.site.Store(&cfg.Site)
	r.book.public.Store(&cfg.Publish)
	r.control, err = control.Serve(c.dir, &r.book, func(msg string, err error) {
		c.log.Load().Error(msg, zap.Error(err))
	})
	if err != nil {
		return nil, err
	}
	r.chores = startChores(b)
	c.log.Load().Info("gateway opened", zap.String("data", c.dir), zap.Int("endpoints", len(endpoints)))
	return r, nil
}

// openTunnels starts signaling and the relay, opens its port, and has the
// gateway's own visitor sign in.
func (r *running) openTunnels(ctx context.Context, dir string, cfg Config, log func() *zap.Logger) (err error) {
	if r.key, err = identity.LoadOrCreate(filepath.Join(dir, "key")); err != nil {
		return fmt.Errorf("the gateway's own key: %w", err)
	}
	if r.book.tunnels, err = signaling.New(ctx, r.signalingConfig(cfg, 0), tunnelStore{r.book.store}, log); err != nil {
		return err
	}
	r.sockets = sockets{relay: r.book.tunnels.Relay(), log: log, open: make(map[string]*socket)}
	if err = r.sockets.want(ctx, cfg.Relay.Listen); err != nil {
		return errors.Join(err, r.closeTunnels(ctx, signaling.Closing{Code: 1012}))
	}
	r.book.publisher = publish.Open(r.book.tunnels, r.key, log)
	r.book.publisher.SetBlocked(r.book.blocks.has)
	if n := r.book.tunnels.SetPorts(r.book.publisher); n > 0 {
		log().Warn("public ports of clients cannot be opened again; they get others when they sign in", zap.Int("ports", n))
	}
	if err = r.openListen(cfg); err != nil {
		return errors.Join(err, r.closeTunnels(ctx, signaling.Closing{Code: 1012}))
	}
	return nil
}

// openAccounts starts the accounts, and what watches over what they may.
func (r *running) openAccounts(ctx context.Context, dir string, log func() *zap.Logger) error {
	b := &r.book
	b.tunnels.SetBlocked(b.blocks.has)
	b.tunnels.SetWatch(b.watch)
	if err := openAccounts(ctx, b, dir, log); err != nil {
		return err
	}
	b.publisher.Gate().SetAccounts(b.accounts)
	if err := b.refresh(ctx); err != nil {
		b.accounts.Close()
		return err
	}
	b.pulse = newPulse(b.hub, b.tunnels, b.ledger, b.store, log, b.enforce)
	go b.pulse.run()
	return nil
}

// closeAccounts ends them, when nothing is carried any more.
func (r *running) closeAccounts() error {
	r.book.accounts.Close()
	return wrap("writing the last of history", r.book.pulse.close())
}

// closeTunnels parts from all clients and resets all channels.
func (r *running) closeTunnels(ctx context.Context, c signaling.Closing) error {
	if r.book.publisher != nil {
		r.book.publisher.Close()
	}
	err := r.book.tunnels.Close(ctx, c)
	r.sockets.keep(nil)
	return errors.Join(err, r.book.tunnels.Relay().Close(ctx))
}

// prepare does what can fail before cfg is put in force.
func (r *running) prepare(ctx context.Context, cfg Config) error {
	if cfg.Database != r.database {
		return errors.New("a reload cannot change the option database, because connections and tunnels live on it; " +
			"leave it as it was, or stop the gateway and start it anew")
	}
	if err := r.sockets.want(ctx, cfg.Relay.Listen); err != nil {
		return err
	}
	if err := r.openListen(cfg); err != nil {
		return err
	}
	return wrap("remembering the site", r.book.store.SetMeta(ctx, metaSite, cfg.Site.String()))
}

// apply puts a config in force.
func (r *running) apply(cfg Config) {
	r.book.tunnels.Configure(r.signalingConfig(cfg, r.sockets.port(cfg.Relay.Listen)))
	r.book.site.Store(&cfg.Site)
	r.book.public.Store(&cfg.Publish)
	r.book.publisher.SetStatics(cfg.Listen)
	r.book.rec.setRetention(cfg.Retention)
	r.book.follow(cfg)
	r.book.hub.Configure(r.hubConfig(cfg))
}

func (r *running) hubConfig(cfg Config) hub.Config {
	h := cfg.Hub
	h.Recorder = r.book.rec
	h.Blocked = r.book.blocks.has
	h.CloseTimeout = min(cfg.ShutdownTimeout, DefaultShutdownTimeout)
	return h
}

// follow puts in force what the book itself has of a config.
func (b *book) follow(cfg Config) {
	b.idleRemoval.Store(int64(cfg.IdleRemoval))
	b.quotaHook.Store(&cfg.QuotaHook)
	b.resolver.at.Store(&cfg.Resolver)
}

func (r *running) signalingConfig(cfg Config, port int) signaling.Config {
	s := cfg.signalingConfig(port)
	s.Limits, s.Quota = r.book.ledger.tunnelLimits, r.book.ledger.tunnelQuota
	own := r.key.Public()
	s.GatewayKey = &own
	s.DomainProof = r.book.domainProof
	return s
}

// close ends everything in the order in which it depends on one another. An
// error of one step keeps none of the others from being done.
func (r *running) close(c hub.Closing, timeout time.Duration, log *zap.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	r.book.feed.close() // event streams would hold up the site's shutdown
	r.chores.close()
	// No command may see the hub half closed; one in progress gets a second.
	cmdCtx, cancelCmd := context.WithTimeout(ctx, time.Second)
	defer cancelCmd()
	closing := wrap("closing the control socket", r.control.Close(cmdCtx))
	// Side by side: each may need the whole timeout for clients that are away.
	var tunnels sync.WaitGroup
	tunnels.Go(func() {
		if err := r.closeTunnels(ctx, signaling.Closing(c)); err != nil {
			log.Info("not every tunnel client took part in closing", zap.Error(err))
		}
	})
	if err := r.book.hub.Close(ctx, c); err != nil {
		// Clients that are away cannot answer; they have been reset.
		log.Info("not every client took part in closing", zap.Error(err))
	}
	tunnels.Wait()
	return errors.Join(
		closing,
		r.closeAccounts(),
		wrap("writing the last statistics", r.book.rec.Close()),
		r.book.store.Close(),
		wrap("letting the data folder go", r.lock.Close()),
	)
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
