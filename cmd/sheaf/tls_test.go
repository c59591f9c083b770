package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// writeCertificate makes a self-signed pair for 127.0.0.1 in dir and returns the certificate.
func writeCertificate(t testing.TB, dir string, serial int64) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "sheaf"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "sheaf"}}, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert := writeCertificate(t, dir, 1)
	base, stop := serve(t, "--tls-cert="+filepath.Join(dir, "cert.pem"), "--tls-key="+filepath.Join(dir, "key.pem"))
	assert.Regexp(t, `^https://127\.0\.0\.1:\d+$`, base)
	// serial asks by a new connection which certificate the server shows.
	serial := func() int64 {
		t.Helper()
		pool := x509.NewCertPool()
		pool.AddCert(cert)
		client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
		defer client.CloseIdleConnections()
		res, err := client.Get(base + "/oai?verb=Identify")
		if err != nil {
			return 0 // another than cert
		}
		defer res.Body.Close()
		b := make([]byte, 4096)
		n, _ := res.Body.Read(b)
		assert.Equal(t, 2, res.ProtoMajor)
		assert.Contains(t, string(b[:n]), "<baseURL>"+base+"/oai</baseURL>")
		return res.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	assert.EqualValues(t, 1, serial())
	cert = writeCertificate(t, dir, 2)
	assert.Zero(t, serial(), "the files are not looked at for every connection")
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, self.Signal(syscall.SIGHUP))
	assert.Eventually(t, func() bool { return serial() == 2 }, 10*time.Second, time.Millisecond)
	assert.Zero(t, stop())
}

// A certificate is read again when its files have changed; a bad one is not taken.
func TestCertificateChanges(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir, 1)
	log := &lines{}
	c, err := loadCertificate(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), newLog(log, "json", slog.LevelInfo))
	require.NoError(t, err)
	serial := func() int64 {
		pair, err := c.get(nil)
		require.NoError(t, err)
		return pair.Leaf.SerialNumber.Int64()
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cert.pem"), []byte("half"), 0o644))
	assert.EqualValues(t, 1, serial())
	c.looked = c.looked.Add(-lookEvery)
	assert.EqualValues(t, 1, serial())
	assert.Len(t, log.of(t, "the certificate could not be read again; the one before stays in use"), 1)
	writeCertificate(t, dir, 2)
	c.looked = c.looked.Add(-lookEvery)
	assert.EqualValues(t, 2, serial())
	n := len(log.all(t))
	c.looked = c.looked.Add(-lookEvery)
	assert.EqualValues(t, 2, serial())
	assert.Len(t, log.all(t), n, "nothing has changed")

	_, errs, code := sheaf(t, "", "serve", tempDB(t), "--tls-cert="+filepath.Join(dir, "cert.pem"))
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, errs, "--tls-key")
	_, errs, code = sheaf(t, "", "serve", tempDB(t), "--tls-cert=none.pem", "--tls-key=none.pem")
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "none.pem")
}
