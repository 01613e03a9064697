package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// address checks a HOST:PORT to listen on.
func address(value string) *problem {
	p := &problem{"config/address", `"%s" is not HOST:PORT`, "127.0.0.1:8080", "   (0.0.0.0:8080 listens to the whole network)"}
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		if n, err := strconv.ParseUint(value, 10, 16); err == nil {
			p.good = fmt.Sprintf("127.0.0.1:%d", n)
		}
		return p
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return p
	}
	return nil
}

// publicURL checks what the carrier is to dial. Its requests are signed over
// this very text, so it has no path to be mistaken about; and http is for
// loopback only.
func publicURL(value string) *problem {
	u, p := parseURL(value, "https://voice.example.com")
	if p != nil {
		return p
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return &problem{"config/url", `"%s" has more than scheme, host and port`, u.Scheme + "://" + u.Host, ""}
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return &problem{"config/plain-http", "http:// is only allowed on loopback; carriers call over the open internet",
			"https://" + u.Host, "   (a proxy may hold the certificate; or set " + fault.Keep("--tls-cert") + " and " + fault.Keep("--tls-key") + ")"}
	}
	return nil
}

// baseURL checks the address of a service that we call.
func baseURL(value string) *problem {
	u, p := parseURL(value, "http://127.0.0.1:8090")
	if p == nil && (u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		return &problem{"config/url", "the address has more than scheme, host, port and path", u.Scheme + "://" + u.Host + u.EscapedPath(), ""}
	}
	return p
}

func parseURL(value, example string) (*url.URL, *problem) {
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return nil, &problem{"config/url", "the address can't be read", example, ""}
	case u.Scheme == "ws" || u.Scheme == "wss":
		return nil, &problem{"config/url", `"%s" is a websocket's address; name the http one, both are served there`, "http" + strings.TrimPrefix(value, "ws"), ""}
	case u.Scheme == "" || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		if strings.Contains(value, "://") || strings.ContainsAny(value, " /") {
			return nil, &problem{"config/url", `"%s" is not an http or https address`, example, ""}
		}
		return nil, &problem{"config/url", `"%s" has no scheme`, "https://" + value, ""}
	}
	return u, nil
}

// liveKit checks the address of a LiveKit server: its clients take either kind.
func liveKit(value string) *problem {
	if rest, is := strings.CutPrefix(value, "ws"); is && strings.Contains(rest, "://") {
		value = "http" + rest
	}
	return baseURL(value)
}

// loopback reports whether host never leaves the machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func accountSID(value string) *problem {
	hex := strings.TrimPrefix(value, "AC")
	if len(value) == 34 && len(hex) == 32 && strings.Trim(hex, "0123456789abcdef") == "" {
		return nil
	}
	return &problem{"config/credentials", "that is not an account SID: those are AC and 32 hexadecimal digits",
		"", "copy it from console.twilio.com > Account > API keys"}
}

func authToken(value string) *problem {
	if strings.IndexFunc(value, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}) < 0 {
		return nil
	}
	return &problem{"config/credentials", "that is not an auth token: those are letters and digits only",
		"", "copy it again, without quotes or spaces, from console.twilio.com > Account > API keys"}
}

// smtp checks the address of a mail server. It may hold a password, which no
// mistake repeats.
func smtp(value string) *problem {
	u, err := url.Parse(value)
	const example = "smtp://USER:PASSWORD@mail.example.com:587"
	switch {
	case err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "":
		return &problem{"config/url", "the mail server's address does not begin with smtp:// or smtps:// and a host", example, ""}
	case strings.Trim(u.Path, "/") != "":
		return &problem{"config/url", "the mail server's address has more than scheme, account, host and port", example, ""}
	}
	return nil
}

// domains checks which workspace may write from which domain: a workspace may have
// several.
func domains(value string) *problem {
	for _, one := range strings.Split(value, ",") {
		workspace, domain, ok := strings.Cut(strings.TrimSpace(one), "=")
		if !ok || workspace == "" || domain == "" || strings.ContainsAny(domain, "@/ ") {
			return &problem{"config/shape", fmt.Sprintf("%q in the table is not WORKSPACE=DOMAIN", strings.TrimSpace(one)), "default=*,ws_acme=acme.example", ""}
		}
	}
	return nil
}

// table checks a list of NAME=VALUE.
func table(example string) func(string) *problem {
	return func(value string) *problem {
		seen := map[string]bool{}
		for _, one := range strings.Split(value, ",") {
			name, means, ok := strings.Cut(strings.TrimSpace(one), "=")
			switch {
			case !ok || name == "" || means == "":
				return &problem{"config/shape", fmt.Sprintf("%q in the table is not NAME=VALUE", strings.TrimSpace(one)), example, ""}
			case seen[name]:
				return &problem{"config/shape", fmt.Sprintf("%q is in the table twice", name), example, ""}
			}
			seen[name] = true
		}
		return nil
	}
}

// headers checks names and values of a request's headers. They may hold keys: no
// mistake repeats any part of them.
func headers(value string) *problem {
	seen := map[string]bool{}
	for i, one := range strings.Split(value, ",") {
		name, means, ok := strings.Cut(one, "=")
		name, means = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(means)
		what := ""
		switch {
		case !ok || name == "" || means == "":
			what = "is not NAME=VALUE, and no value has a comma in it"
		case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "":
			what = "has a name with more than letters, digits, - and _ in it"
		case strings.IndexFunc(means, func(r rune) bool { return r < ' ' || r > '~' }) >= 0:
			what = "has a value with more than plain characters in it"
		case seen[name]:
			what = "has the name of one before it"
		default:
			seen[name] = true
			continue
		}
		return &problem{"config/shape", fmt.Sprintf("header %d of the table %s", i+1, what), "x-api-key=...", ""}
	}
	return nil
}

// hostPart checks a word that becomes a part of a host's name.
func hostPart(value string) *problem {
	if value != "" && len(value) <= 32 && strings.Trim(value, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" {
		return nil
	}
	return &problem{"config/name", `"%s" is not a name of small letters, digits and dashes`, "ie1", ""}
}

// answered checks the number that the settings' own agent answers.
func answered(value string) *problem {
	digits := strings.TrimPrefix(value, "+")
	if value == "*" || value == "none" || len(digits) < len(value) && len(digits) >= 2 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == "" {
		return nil
	}
	return &problem{"config/phone-number", `"%s" is not a phone number`, "+14155550100", "   (with + and the country's code; or *, or none)"}
}

// leastBootstrap is the length of the shortest key that is not guessed.
const leastBootstrap = 16

func bootstrapKey(value string) *problem {
	if len(value) >= leastBootstrap {
		return nil
	}
	return &problem{"config/credentials", fmt.Sprintf("a key of fewer than %d characters is guessed", leastBootstrap),
		"", "draw one: openssl rand -hex 24"}
}

func database(value string) *problem {
	scheme, path, found := strings.Cut(value, "://")
	switch {
	case found && (scheme == "sqlite" || scheme == "postgres" || scheme == "postgresql") && path != "":
		return nil
	case found:
		return &problem{"config/database", "a database address begins with sqlite:// or postgres://", "sqlite://data/hookswitch.db", ""}
	}
	return &problem{"config/database", `"%s" has no scheme`, "sqlite://" + value, ""}
}

// cross checks settings that depend on each other. Those that could not be read
// are left out: their mistake is told already.
func (l *loader) cross() {
	c := &l.Config
	if c.Carrier == "twilio" {
		l.need("carrier", "sim", "public_url", "public URL is missing; the carrier needs one to reach this gateway", "config/public-url", "https://voice.example.com")
		l.need("carrier", "sim", "twilio.account_sid", "account SID is missing; calls are placed and ended with it", "config/credentials", "AC...")
		l.need("carrier", "sim", "twilio.auth_token", "auth token is missing; the carrier's requests are verified with it", "config/credentials", "...")
	}
	l.accounts()
	if c.LLM == "openai" && c.OpenAI.BaseURL == "" && !l.bad["openai.base_url"] { // a server of one's own may want no key
		l.need("llm", "script", "openai.key", "the service's key is missing; OpenAI asks for one", "config/credentials", "...")
	}
	l.pair("tls.cert", "tls.key", tlsPair)
	l.pair("tls.key", "tls.cert", tlsPair)
	for _, part := range []string{"url", "key", "secret"} {
		for _, other := range []string{"url", "key", "secret"} {
			l.pair("livekit."+part, "livekit."+other, liveKitPair)
		}
	}
	l.lumps()
	if c.Agent.PauseWait > c.Agent.EndpointWait && !l.bad["agent.pause_wait"] && !l.bad["agent.endpoint_wait"] {
		l.mistake("agent.pause_wait", &problem{"config/range", fmt.Sprintf("a pause of %s can't come before the endpoint at %s", short(c.Agent.PauseWait), short(c.Agent.EndpointWait)),
			short(c.Agent.EndpointWait / 2), "   (at most agent.endpoint_wait)"})
	}
}

// lumps checks that what is sent at a time fits into what is sent ahead. A
// default gives way.
func (l *loader) lumps() {
	lead, lump := l.Config.Line.Lead, l.Config.Line.Lump
	if l.Origins["line.lump"].Source == Default {
		l.Config.Line.Lump = min(lump, lead)
		return
	}
	if lump > lead && !l.bad["line.lead"] && !l.bad["line.lump"] {
		l.mistake("line.lump", &problem{"config/range", fmt.Sprintf("%s at a time can't be sent only %s ahead", short(lump), short(lead)),
			short(lead), "   (at most line.lead)"})
	}
}

// need complains that name is missing, which the value of chosen asks for. With
// the value without, nothing would be missing.
func (l *loader) need(chosen, without, name, what, code, example string) {
	s, _ := Named(name)
	if l.bad[name] || s.value(&l.Config) != "" {
		return
	}
	choice, _ := Named(chosen)
	because := l.Origins[chosen].where(choice, choice.value(&l.Config))
	l.faults = append(l.faults, &fault.Fault{
		What:  what,
		Where: s.Variable() + " (not set), because " + because,
		Mend:  fault.Keep(s.Variable()+"="+example) + "   (for a try: " + fault.Keep(choice.Variable()+"="+without) + " needs none)",
		Code:  code, Exit: fault.Wrong,
	})
}

// half is what goes with a setting.
type half struct{ both, example, or string }

var (
	tlsPair     = half{"https needs both", "FILE.pem", "neither, behind a proxy that holds the certificate"}
	liveKitPair = half{"a LiveKit server is told by its address, a key and the key's secret", "...", "none of the three: then no call is bridged"}
)

// pair complains when name is set and what goes with it isn't.
func (l *loader) pair(name, with string, h half) {
	a, _ := Named(name)
	b, _ := Named(with)
	if a.value(&l.Config) == "" || b.value(&l.Config) != "" || l.bad[with] {
		return
	}
	l.faults = append(l.faults, &fault.Fault{
		What:  fmt.Sprintf("%s is set without %s; %s", name, with, h.both),
		Where: l.Origins[name].where(a, a.value(&l.Config)),
		Mend:  l.Origins[name].write(b, h.example) + "      (or " + h.or + ")",
		Code:  "config/pair", Exit: fault.Wrong,
	})
}

// overflow checks a number that callers are connected to.
func overflow(value string) *problem {
	if digits := strings.TrimPrefix(value, "+"); len(digits) < len(value) && len(digits) >= 2 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == "" {
		return nil
	}
	return &problem{"config/phone-number", `"%s" is not a phone number`, "+14155550100", "   (with + and the country's code)"}
}

// share checks a part of a whole.
func share(value string) *problem {
	if f, err := strconv.ParseFloat(value, 64); err == nil && f >= 0 && f <= 1 {
		return nil
	}
	return &problem{"config/share", `"%s" is no share`, "0.1", "   (from 0, none, to 1, all)"}
}

// prices checks a table of prices: three words and what they cost.
func prices(value string) *problem {
	const example = "model/openai/input_tokens=0.00015,carrier/inbound/minute=0.0085"
	if p := table(example)(value); p != nil {
		return p
	}
	for _, pair := range Pairs(value) {
		if parts := strings.Split(pair[0], "/"); len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
			return &problem{"config/shape", fmt.Sprintf("%q in the table of prices is not STAGE/PROVIDER/UNIT", pair[0]), example, ""}
		}
		if f, err := strconv.ParseFloat(pair[1], 64); err != nil || f < 0 || f > 1e6 {
			return &problem{"config/shape", fmt.Sprintf("%q in the table of prices is no price", pair[1]), example, ""}
		}
	}
	return nil
}
