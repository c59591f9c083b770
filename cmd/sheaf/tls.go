package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is that of --tls-cert and --tls-key. It is read again when its files have changed, which is looked at most every
// ten seconds, and on SIGHUP. A pair that cannot be read is logged, and the one before stays in use.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	state  string    // of the files when they were last read
	looked time.Time // when they were last looked at
}

const lookEvery = 10 * time.Second

// loadCertificate reads the pair; that it can be read is seen before anything is served.
func loadCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *certificate) load() error {
	c.state, c.looked = c.files(), time.Now()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("--tls-cert %s --tls-key %s: %w", c.certFile, c.keyFile, err)
	}
	c.pair = &pair
	return nil
}

// files is a text that changes when one of the files does.
func (c *certificate) files() (state string) {
	for _, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			state += fmt.Sprintln(info.ModTime().UnixNano(), info.Size())
		}
	}
	return state
}

// reload reads the pair now.
func (c *certificate) reload() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.again()
}

func (c *certificate) again() {
	if err := c.load(); err != nil {
		c.log.Error("the certificate could not be read again; the one before stays in use", "error", err)
		return
	}
	c.log.Info("the certificate was read again", "file", c.certFile, "until", c.pair.Leaf.NotAfter)
}

// get is for tls.Config.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) >= lookEvery {
		c.looked = time.Now()
		if c.files() != c.state {
			c.again()
		}
	}
	return c.pair, nil
}

// expires is when the pair in use is good no longer.
func (c *certificate) expires() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pair.Leaf.NotAfter
}
