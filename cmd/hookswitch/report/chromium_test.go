package report_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser is a Chromium with one tab, and what it asked for and complained of.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	requests []string
	console  []string
}

// open starts Chromium, shows it the page as a file, and fails the test when
// there is none: a page that was never opened is not tested.
func open(t *testing.T, html string) *browser {
	t.Helper()
	path := chromium(t)
	file := filepath.Join(t.TempDir(), "demo.html")
	if err := os.WriteFile(file, []byte(html), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.Flag("headless", "new"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.CombinedOutput(io.Discard))...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	b := &browser{t: t, ctx: ctx}
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, network.Enable, network.EnableParams{})
		return err
	}))
	b.listen()
	t.Cleanup(stop) // before listen's own, which waits
	b.size(1100, 900)
	b.do(chromedp.Navigate("file://" + file))
	return b
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium here, so the page was not opened. Install it: apt-get install -y chromium")
	return ""
}

// listen keeps every request and every complaint of the console, the content
// policy's among them.
func (b *browser) listen() {
	b.t.Helper()
	err := chromedp.Listen(b.ctx, func(ev any) {
		if ev, ok := ev.(*network.EventRequestWillBeSent); ok {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.requests = append(b.requests, ev.Request.URL)
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	console := chromedp.Console(b.ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for m, err := range console {
			if err != nil {
				return // the browser is gone
			}
			b.mu.Lock()
			b.console = append(b.console, m.Text)
			b.mu.Unlock()
		}
	})
	b.t.Cleanup(wg.Wait)
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) size(w, h int64) { b.t.Helper(); b.do(chromedp.EmulateViewport(w, h)) }

// js evaluates an expression.
func js[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to be true.
func (b *browser) until(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(30*time.Second))); err != nil {
		b.t.Fatalf("never true: %s: %v", expression, err)
	}
}

func (b *browser) scheme(name string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
		return err
	}))
}

// shot keeps a picture of the whole page for a person to look at.
func (b *browser) shot(name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	dir := *shots
	if dir == "" {
		dir = b.t.TempDir()
	}
	if len(png) < 10_000 {
		b.t.Errorf("picture %s of %d bytes is hardly of a page", name, len(png))
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func TestPageInChromium(t *testing.T) {
	b := open(t, write(t, demo(t)))
	b.until(`[...document.querySelectorAll('audio')].every(a => a.readyState >= 1)`)
	t.Run("clicking a word plays from it", func(t *testing.T) { b.t = t; wordPlays(b) })
	t.Run("clicking the timeline goes there", func(t *testing.T) { b.t = t; timelineSeeks(b) })
	t.Run("keys", func(t *testing.T) { b.t = t; keys(b) })
	t.Run("waterfall adds up", func(t *testing.T) { b.t = t; addsUp(b) })
	t.Run("landmarks and words not heard", func(t *testing.T) { b.t = t; landmarks(b) })
	t.Run("link to a turn", func(t *testing.T) { b.t = t; link(b) })
	t.Run("contrast", func(t *testing.T) { b.t = t; contrast(b) })
	t.Run("390 pixels", func(t *testing.T) { b.t = t; narrow(b) })
	if bad := b.complaints(); len(bad) > 0 {
		t.Errorf("the page complained: %q", bad)
	}
}

func wordPlays(b *browser) {
	word := `[...document.querySelectorAll('#call-1 .said [data-t]')].find(w => w.textContent == 'Saturday,' || w.textContent == 'weekdays,')`
	at := js[float64](b, `+`+word+`.dataset.t`)
	if at < 11 || at > 12.8 {
		b.t.Errorf("word stands at %.2f s, want it late in the utterance of 9.9 to 12.8 s", at)
	}
	js[bool](b, `(`+word+`.click(), true)`)
	b.until(fmt.Sprintf(`(a => !a.paused && a.currentTime > %f && a.currentTime < %f)(document.querySelector('#call-1 audio'))`, at, at+5))
	b.until(`document.querySelectorAll('.said .on').length == 1`)
	head := js[float64](b, `+document.querySelector('#call-1 .head').getAttribute('x1')`)
	if head < 60 {
		b.t.Errorf("the timeline's line stands at %.0f, want it with the sound", head)
	}
	if long := js[float64](b, `document.querySelector('#call-1 audio').duration`); long < 22.3 || long > 22.5 {
		b.t.Errorf("Chromium hears %.2f s of µ-law, want 22.4", long)
	}
}

func timelineSeeks(b *browser) {
	// The middle of the drawing stands for (515-60)/42.768 s.
	got := js[float64](b, `(() => {
		const svg = document.querySelector('#call-1 svg.timeline'), r = svg.getBoundingClientRect();
		svg.dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: r.left + r.width / 2, clientY: r.top + 40}));
		return document.querySelector('#call-1 audio').currentTime;
	})()`)
	if got < 10.5 || got > 10.8 {
		b.t.Errorf("went to %.2f s, want 10.64", got)
	}
}

func keys(b *browser) {
	playing := `!document.querySelector('#call-1 audio').paused`
	now := `document.querySelector('#call-1 audio').currentTime`
	b.do(chromedp.KeyEvent(" "))
	b.until(`!(` + playing + `)`)
	js[bool](b, `(document.querySelector('#call-1 audio').currentTime = 0, true)`)
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	b.until(`document.querySelector('.said .on')?.textContent == 'Lakeside'`)
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	b.until(`document.querySelector('.said .on')?.textContent == 'Dental,'`)
	b.do(chromedp.KeyEvent(kb.ArrowLeft))
	b.until(`document.querySelector('.said .on')?.textContent == 'Lakeside'`)
	b.do(chromedp.KeyEvent(kb.ArrowRight, chromedp.KeyModifiers(chromedp.ModifierShift)))
	b.until(`Math.abs(` + now + ` - 3.62) < 0.01`)
	b.do(chromedp.KeyEvent(" "))
	b.until(playing)
	b.do(chromedp.KeyEvent(" "))
}

func addsUp(b *browser) {
	sums := js[[]string](b, `[...document.querySelectorAll('tr.turn')].map(tr =>
		[...tr.querySelectorAll('.part')].reduce((sum, td) => sum + (+td.textContent || 0), 0) + ' ' + tr.querySelector('.sum').textContent)`)
	if len(sums) != 6 {
		b.t.Fatalf("%d turns on the page, want 6: %q", len(sums), sums)
	}
	for n, s := range sums {
		parts, gap, _ := strings.Cut(s, " ")
		if gap != parts && !(gap == "–" && parts == "0") {
			b.t.Errorf("turn %d: parts sum to %s, gap is %s", n+1, parts, gap)
		}
	}
	gaps := js[[]string](b, `[...document.querySelectorAll('#call-1 .ms')].map(e => e.textContent)`)
	if got := strings.Join(gaps, ", "); got != "604 ms, 641 ms, 702 ms, 96 ms" {
		b.t.Errorf("gaps in the transcript: %s", got)
	}
}

func landmarks(b *browser) {
	for query, want := range map[string]int{"h1": 1, "main": 1, "header": 1, "footer": 1, "nav": 1, "section.call": 2, "del": 1,
		"section.call[aria-labelledby]": 2, "svg.timeline[role=img][aria-label]": 2, "caption": 2} {
		if got := js[int](b, fmt.Sprintf("document.querySelectorAll(%q).length", query)); got != want {
			b.t.Errorf("%d of %s, want %d", got, query, want)
		}
	}
	if got := js[string](b, `document.querySelector('del').textContent`); got != "not heard: and on Saturday mornings." {
		b.t.Errorf("struck through: %q", got)
	}
	if got := js[string](b, `document.querySelector('#call-2-turn-1 .said').textContent`); !strings.Contains(got, "<script>alert(1)</script>") {
		b.t.Errorf("the caller said a script and the page says %q", got)
	}
}

func link(b *browser) {
	js[bool](b, `(location.hash = '#call-1-turn-3', true)`)
	b.until(`Math.abs(document.querySelector('#call-1 audio').currentTime - 12.702) < 0.01`)
	if !js[bool](b, `document.querySelector('#call-1 audio').paused`) {
		b.t.Error("a link to a turn began to play by itself")
	}
}

// contrast measures every text against its background as WCAG 2.2 (1.4.3) says.
func contrast(b *browser) {
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		low := js[[]string](b, `(() => {
			const rgb = s => s.match(/[\d.]+/g).map(Number);
			const lum = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
				.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
			const back = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
			const bad = new Set();
			for (const e of document.querySelectorAll('body *')) {
				if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) || e.closest('script, style, title, desc, .hidden')) continue;
				const st = getComputedStyle(e), svg = e.namespaceURI.endsWith('svg');
				const bar = e.closest('svg.bar') && e.parentElement.querySelector('rect');
				const a = lum(rgb(svg ? st.fill : st.color)), b = lum(bar ? rgb(getComputedStyle(bar).fill) : back(e));
				const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
				if (ratio < 4.5) bad.add(e.tagName + '.' + (e.getAttribute('class') || '') + ' ' + ratio.toFixed(2));
			}
			return [...bad];
		})()`)
		if len(low) > 0 {
			b.t.Errorf("%s: less than 4.5 to 1: %q", scheme, low)
		}
		b.shot("page-" + scheme)
	}
	b.scheme("light")
}

func narrow(b *browser) {
	b.size(390, 800)
	if w := js[int](b, `document.documentElement.scrollWidth`); w > 390 {
		b.t.Errorf("page is %d pixels wide on a telephone of 390", w)
	}
	b.shot("page-390")
	b.scheme("dark")
	b.shot("page-390-dark")
	b.scheme("light")
	b.size(1100, 900)
}

// complaints are the requests that left the page, and what the console holds.
func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.console
	for _, url := range b.requests {
		if !strings.HasPrefix(url, "file://") && !strings.HasPrefix(url, "data:") {
			list = append(list, "request of "+url)
		}
	}
	if len(b.requests) == 0 {
		list = append(list, "saw no request at all, not even the page's own")
	}
	return list
}

// elsewhere is a server on loopback, and how often it was asked for anything.
func elsewhere(t *testing.T) (url string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.NotFound(w, nil)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func TestComplaintsAreSeen(t *testing.T) {
	url, asked := elsewhere(t)
	b := open(t, `<!doctype html><img src="`+url+`/x"><script>setTimeout(() => { document.title = "late"; throw new Error("oops") })</script>`)
	b.until(`document.title == "late" && document.images[0].complete`)
	got := strings.Join(b.complaints(), "; ")
	for _, want := range []string{"request of " + url + "/x", "oops"} {
		if !strings.Contains(got, want) {
			t.Errorf("saw %q, want %q in it", got, want)
		}
	}
	if asked.Load() == 0 {
		t.Error("the other server was not asked: this test cannot tell")
	}
}

func TestPolicyStopsWhatEscapingMissed(t *testing.T) {
	url, asked := elsewhere(t)
	html := write(t, demo(t))
	html = strings.Replace(html, "<main>", `<main><script>document.title = "owned"</script><img src="`+url+`/x">`, 1)
	b := open(t, html)
	b.until(`document.images[0].complete`)
	if title := js[string](b, `document.title`); title == "owned" {
		t.Error("a script that is not ours ran")
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests left the page", n)
	}
	if got := strings.Join(b.complaints(), "; "); !strings.Contains(got, "Content Security Policy") {
		t.Errorf("saw %q, want the policy's complaint", got)
	}
}

func TestPageWithoutScripts(t *testing.T) {
	b := open(t, "<p>before</p>")
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	file := filepath.Join(t.TempDir(), "demo.html")
	if err := os.WriteFile(file, []byte(write(t, demo(t))), 0o644); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate("file://" + file))
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("main")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"We are open from eight to five on weekdays,", "641 ms", "not heard", "call 2, turn 2"} {
		if !strings.Contains(text, want) {
			t.Errorf("page without scripts lacks %q", want)
		}
	}
}
