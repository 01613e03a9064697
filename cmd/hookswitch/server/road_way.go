package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"time"

	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// probeTime is how long the webhook and the websocket may take, each.
const probeTime = 6 * time.Second

// way goes to the public URL as Twilio would.
func (r Road) way(ctx context.Context) []v2.RoadStep {
	found, err := twilio.Probe(ctx, twilio.ProbeConfig{PublicURL: r.PublicURL, AccountSID: r.Signer.SID, Token: r.Signer.Token, TLS: r.TLS, Timeout: probeTime})
	const untried = "not tried: what comes before it failed"
	reached, certificate, signature, socket := told(stepPublicURL, untried), told(stepCertificate, untried), told(stepSignature, untried), told(stepWebsocket, untried)
	switch {
	case errors.Is(err, twilio.ErrProbeTLS):
		certificate = failed(stepCertificate, "one for this name, with its whole chain, from an authority that the world knows; look: "+
			"openssl s_client -connect HOST:443 -servername HOST", "%s", plainly(err))
		return []v2.RoadStep{reached, certificate, signature, socket}
	case errors.Is(err, twilio.ErrProbeNoAnswer):
		reached = failed(stepPublicURL, "does a proxy or a tunnel lead from there to the gateway? from outside: "+"curl "+r.PublicURL+"/healthz", "%s", plainly(err))
		return []v2.RoadStep{reached, certificate, signature, socket}
	case errors.Is(err, twilio.ErrProbeStranger):
		reached = failed(stepPublicURL, "it has to lead here, and a proxy has to pass path, query and X-Twilio-Signature as they came", "%s", plainly(err))
		return []v2.RoadStep{reached, r.certificate(ctx), signature, socket}
	case errors.Is(err, twilio.ErrProbeSignature):
		reached = told(stepPublicURL, "a gateway answers, and does not say which")
		signature = failed(stepSignature, "the gateway that answers there needs the same public_url and the same auth token", "%s", plainly(err))
		return []v2.RoadStep{reached, r.certificate(ctx), signature, socket}
	case err != nil && !found.Signed:
		return []v2.RoadStep{failed(stepPublicURL, "", "%s", plainly(err)), certificate, signature, socket}
	}
	signature = held(stepSignature, "the URL that Twilio signs is the one that is checked")
	socket = held(stepWebsocket, "one came through, and a message each way")
	if err != nil {
		socket = failed(stepWebsocket, "a proxy must speak HTTP/1.1 to the gateway, and pass Upgrade and Connection", "%s", plainly(err))
	}
	return []v2.RoadStep{r.whose(ctx, found.Node), r.certificate(ctx), signature, socket}
}

// whose says which process answered.
func (r Road) whose(ctx context.Context, node string) v2.RoadStep {
	if r.Who == nil {
		return held(stepPublicURL, "%s answers, and has the account's token", r.PublicURL)
	}
	text, right := r.Who(ctx, node)
	if !right {
		return failed(stepPublicURL, "is another one still running, or does the proxy lead to another port or machine?", "%s answers, but it is %s", r.PublicURL, text)
	}
	return held(stepPublicURL, "%s answers, and is %s", r.PublicURL, text)
}

// certificate tells until when the one is good that Twilio sees. It was
// accepted, or nothing signed had come through.
func (r Road) certificate(ctx context.Context) v2.RoadStep {
	u, err := url.Parse(r.PublicURL)
	if err != nil || u.Scheme != "https" {
		return told(stepCertificate, "plain http: good on this machine only")
	}
	ctx, stop := context.WithTimeout(ctx, probeTime)
	defer stop()
	port := u.Port()
	if port == "" {
		port = "443"
	}
	conn, err := (&tls.Dialer{Config: r.TLS}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil { // whoever goes by way of a proxy sees none
		return held(stepCertificate, "accepted")
	}
	defer conn.Close()
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates
	if len(chain) == 0 {
		return held(stepCertificate, "accepted")
	}
	step := held(stepCertificate, "good until %s", chain[0].NotAfter.Format(time.DateOnly))
	if soon := 14 * 24 * time.Hour; time.Until(chain[0].NotAfter) < soon {
		step.Mend = "renew it: from that day on Twilio turns away"
	}
	return step
}
