package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
)

// liveKitTime is how long the operator's LiveKit server may take to answer.
const liveKitTime = 5 * time.Second

// liveKit looks whether calls could be bridged to the operator's LiveKit server,
// if there is one: it is asked for a room that nobody has, with a token of the
// settings' key. Nothing is changed there.
func liveKit(ctx context.Context, c config.LiveKit) []finding {
	if c.URL == "" {
		return nil
	}
	f := finding{State: fails, Name: "livekit"}
	status, ahead, err := askLiveKit(ctx, c)
	switch {
	case err != nil: // its text may repeat the address
		f.Text = "the LiveKit server does not answer"
		f.Mend = "is livekit.url right, and may this machine reach it? agents must, too: hookswitch config show"
	case status == http.StatusUnauthorized && ahead.Abs() > time.Minute:
		f.Text = fmt.Sprintf("the LiveKit server refuses our token, and its clock is %v off ours", ahead.Abs().Round(time.Second))
		f.Mend = "set both clocks; tokens are good for a time"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.Text = "the LiveKit server refuses the key"
		f.Mend = "livekit.key and livekit.secret must be one of the pairs under keys in its livekit.yaml"
	case status != http.StatusOK:
		f.Text = fmt.Sprintf("what answers at livekit.url is no LiveKit server: %d", status)
		f.Mend = "livekit.url is the address that LiveKit's clients have: wss://HOST"
	default:
		f.State, f.Text = holds, "the LiveKit server answers, and takes the key"
	}
	return []finding{f}
}

// askLiveKit returns the status of a LiveKit server's answer, and how far its
// clock is ahead of ours.
func askLiveKit(ctx context.Context, c config.LiveKit) (status int, ahead time.Duration, err error) {
	at, err := url.Parse(c.URL)
	if err != nil {
		return 0, 0, err
	}
	at.Scheme = strings.Replace(at.Scheme, "ws", "http", 1)
	token, err := grant.Sign(c.Key, c.Secret, grant.Claims{Video: grant.Video{RoomList: true}}, time.Now(), time.Minute)
	if err != nil {
		return 0, 0, err
	}
	ctx, stop := context.WithTimeout(ctx, liveKitTime)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.JoinPath("twirp/livekit.RoomService/ListRooms").String(),
		strings.NewReader(`{"names":["hookswitch-doctor"]}`))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	client := http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	status = resp.StatusCode
	if body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)); status == http.StatusOK && !strings.Contains(string(body), `"rooms"`) {
		status = http.StatusNotFound // some page
	}
	if told, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		ahead = time.Until(told)
	}
	return status, ahead, nil
}
