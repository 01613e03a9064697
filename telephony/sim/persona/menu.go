package persona

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"gopkg.in/yaml.v3"
)

// Menu is one prompt of an IVR and where keys lead from it. Exactly one of Say,
// WAV and Noise is set.
type Menu struct {
	Name  string
	Say   string
	WAV   string
	Noise time.Duration
	Keys  map[string]string // a key, and the menu that it leads to. Others are not heard
	Wait  time.Duration     // for a key, once the prompt is over. Zero means 5 s
	Times int               // that the prompt is said before Then. Zero means 3; once if there are no Keys
	Then  string            // the menu that comes when no key does. Empty, or "hangup": it hangs up

	at int // line number in the file; 0 if none
}

const (
	defaultWait  = 5 * time.Second
	defaultTimes = 3
	maxMenus     = 100
	maxTimes     = 100
	hangUp       = "hangup"
)

func (m Menu) wait() time.Duration {
	if m.Wait == 0 && len(m.Keys) > 0 {
		return defaultWait
	}
	return m.Wait
}

func (m Menu) times() int {
	switch {
	case m.Times > 0:
		return m.Times
	case len(m.Keys) == 0:
		return 1
	}
	return defaultTimes
}

// tree is where a player is in its menus. The zero tree is before the first.
type tree struct {
	menu  int           // the current one
	said  int           // how often its prompt was begun
	quiet time.Duration // when its prompt was over
	key   byte          // heard and not acted on; 0 for none
}

// offer plays the menus: it goes on with the prompt in progress, follows a key,
// or says the prompt again.
func (p *Player) offer(now time.Duration, say *media.Frame) handset.Touch {
	t, m := &p.tree, &p.script.Persona.Menus[p.tree.menu]
	key := t.key
	t.key = 0
	if to, ok := m.Keys[string(rune(key))]; key != 0 && ok {
		return p.enter(now, to, say)
	}
	if len(p.speaking) > 0 {
		p.prompt(now, say)
		return handset.Touch{}
	}
	switch {
	case t.said > 0 && now < t.quiet+m.wait():
		return handset.Touch{}
	case t.said >= m.times():
		return p.enter(now, m.Then, say)
	}
	return p.begins(now, say)
}

// enter goes to a menu, or hangs up.
func (p *Player) enter(now time.Duration, name string, say *media.Frame) handset.Touch {
	menus := p.script.Persona.Menus
	i := slices.IndexFunc(menus, func(m Menu) bool { return m.Name == name })
	if i < 0 {
		p.speaking = nil
		return handset.Touch{Hangup: true}
	}
	p.tree.menu, p.tree.said = i, 0
	return p.begins(now, say)
}

// begins begins the prompt of the current menu.
func (p *Player) begins(now time.Duration, say *media.Frame) handset.Touch {
	t, m := &p.tree, &p.script.Persona.Menus[p.tree.menu]
	t.said++
	p.speaking = p.script.prompts[t.menu]
	begin, end, _ := handset.VoicedSpan(p.speaking)
	p.note.Turns = append(p.note.Turns, Turn{Line: t.menu, Text: m.Say + m.WAV, Begin: now + begin, End: now + end})
	p.prompt(now, say)
	return handset.Touch{}
}

// prompt says 20 ms of the prompt in progress.
func (p *Player) prompt(now time.Duration, say *media.Frame) {
	*say, p.speaking = p.speaking[0], p.speaking[1:]
	if len(p.speaking) == 0 {
		p.tree.quiet = now + media.FrameDuration
	}
}

// menuMistakes returns what is wrong with the menus.
func (p Persona) menuMistakes(file string) (errs []error) {
	names := map[string]bool{hangUp: true, "": true}
	wrong := func(m Menu, format string, args ...any) {
		errs = append(errs, Mistake{file, m.at, fmt.Sprintf("menu %s: ", m.Name) + fmt.Sprintf(format, args...)})
	}
	for _, m := range p.Menus {
		if names[m.Name] {
			wrong(m, "its name is missing, taken, or hangup")
		}
		names[m.Name] = true
	}
	if len(p.Menus) > maxMenus {
		errs = append(errs, Mistake{file, 0, fmt.Sprintf("%d menus, want %d at most", len(p.Menus), maxMenus)})
	}
	for _, m := range p.Menus {
		if n := (Line{Say: strings.TrimSpace(m.Say), WAV: m.WAV, Noise: m.Noise}).actions(); n != 1 || len(m.Say) > maxText || m.Noise < 0 || m.Noise > maxMusic {
			wrong(m, "want one of say, wav, noise")
		}
		if !names[m.Then] {
			wrong(m, "then is %q, which is no menu", m.Then)
		}
		if m.Wait < 0 || m.Wait > 24*time.Hour || m.Times < 0 || m.Times > maxTimes {
			wrong(m, "wait is %v and times %d, want up to 24h and %d", m.Wait, m.Times, maxTimes)
		}
		for key, to := range m.Keys {
			if len(key) != 1 || !strings.Contains(keys, key) || to == "" || !names[to] {
				wrong(m, "key %q leads to %q, want a key out of %s and a menu", key, to, keys)
			}
		}
	}
	return errs
}

var menuFields = []string{"name", "say", "wav", "noise", "keys", "wait", "times", "then"}

func (p *parser) menus(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		p.wrong(n, "menus is not a list")
		return
	}
	for _, item := range n.Content {
		m := Menu{at: item.Line}
		p.fields(item, "a menu", menuFields, func(key string, v *yaml.Node) { p.menu(&m, key, v) })
		p.persona.Menus = append(p.persona.Menus, m)
	}
}

func (p *parser) menu(m *Menu, key string, v *yaml.Node) {
	switch key {
	case "name":
		m.Name = p.text(key, v)
	case "say":
		m.Say = p.text(key, v)
	case "wav":
		m.WAV = p.text(key, v)
	case "noise":
		m.Noise = p.duration(key, v)
	case "keys":
		p.decode(v, &m.Keys, "keys is not a mapping of keys to menus")
	case "wait":
		m.Wait = p.duration(key, v)
	case "times":
		p.decode(v, &m.Times, "times is not a number")
	case "then":
		m.Then = p.text(key, v)
	}
}
