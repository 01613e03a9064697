package roster

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// WebhookTypes are all types of a [Webhook].
var WebhookTypes = []string{PreCall, PostCall}

// webhookTimeout is how long a webhook may take that doesn't say, in seconds.
const webhookTimeout = 10

// minSigningKey is how many bytes a secret must stand for to sign with.
const minSigningKey = 16

// webhooks reads the whole list. A webhook keeps its identity by its type, and
// its secret when none is given.
func (t Terms) webhooks(f form, d *Definition) error {
	all, ok := f.list("webhooks", 16)
	if !ok {
		return nil
	}
	before := d.Webhooks
	d.Webhooks = []Webhook{}
	for i, v := range all {
		in, ok := f.item("webhooks", i, v)
		if !ok {
			continue
		}
		hook := t.newWebhook()
		if kind, _ := in.in["webhook_type"].(string); kind != "" {
			if at := slices.IndexFunc(before, func(b Webhook) bool { return b.Type == kind }); at >= 0 {
				old := before[at]
				hook.ID, hook.UUID, hook.Created, hook.Config.Secret = old.ID, old.UUID, old.Created, old.Config.Secret
			}
		}
		hook, err := t.webhook(in, hook, d.Webhooks, true)
		if err != nil {
			return err
		}
		d.Webhooks = append(d.Webhooks, hook)
	}
	return nil
}

func (t Terms) newWebhook() Webhook {
	return Webhook{UUID: t.UUID(), Created: t.Now, Updated: t.Now, Config: WebhookConfig{Assignments: []Assignment{}, Timeout: webhookTimeout}}
}

// CreateWebhook makes the webhook of d that body wishes for.
func (t Terms) CreateWebhook(d Definition, body map[string]any) (Webhook, error) {
	return t.oneWebhook(d, t.newWebhook(), d.Webhooks, body, true)
}

// ChangeWebhook merges body into hook, which is one of d's.
func (t Terms) ChangeWebhook(d Definition, hook Webhook, body map[string]any) (Webhook, error) {
	others := slices.DeleteFunc(slices.Clone(d.Webhooks), func(o Webhook) bool { return o.UUID == hook.UUID })
	hook.Updated = t.Now
	return t.oneWebhook(d, hook, others, body, false)
}

func (t Terms) oneWebhook(d Definition, hook Webhook, others []Webhook, body map[string]any, fresh bool) (Webhook, error) {
	var wrong Problems
	f := form{body, "", &wrong}
	hook, err := t.webhook(f, hook, others, fresh)
	if err != nil {
		return hook, err
	}
	assignedHere(f, d, "webhook_config.assignments", hook.Config.Assignments)
	if len(wrong) > 0 {
		return hook, wrong
	}
	return hook, nil
}

// webhook reads a webhook over what it was.
func (t Terms) webhook(f form, hook Webhook, others []Webhook, fresh bool) (Webhook, error) {
	kind := hook.Type
	if !f.has("webhook_type") && fresh {
		f.refuse("webhook_type", blank)
	}
	f.oneOf("webhook_type", WebhookTypes, kind, &kind)
	switch {
	case kind != "" && slices.ContainsFunc(others, func(o Webhook) bool { return o.Type == kind }):
		f.refuse("webhook_type", taken)
	case !fresh && kind != hook.Type:
		f.refuse("webhook_type", "can't be changed")
	}
	hook.Type = kind
	in, null, ok := f.object("webhook_config")
	switch {
	case ok && !null:
		return hook, t.webhookConfig(in, &hook)
	case (null || fresh) && len(f.wrong.Of(f.under+"webhook_config")) == 0:
		f.refuse("webhook_config", blank)
	}
	return hook, nil
}

func (t Terms) webhookConfig(f form, hook *Webhook) error {
	c := &hook.Config
	c.Request = t.request(f, c.Request)
	c.Assignments = assignments(f, []string{"response"}, c.Assignments)
	if hook.Type == PostCall && len(c.Assignments) > 0 {
		f.refuse("assignments", "must be blank")
	}
	f.whole("response_timeout_secs", 1, 60, webhookTimeout, &c.Timeout)
	var secret string
	if !f.text("secret", 256, "", &secret) {
		return nil
	}
	if secret != "" {
		if why := signingKey(secret); why != "" {
			f.refuse("secret", "%s", why)
			return nil
		}
	}
	sealed, err := t.seal(c.Secret, secret)
	if err != nil {
		return fmt.Errorf("roster: webhook's secret: %w", err)
	}
	c.Secret = sealed
	return nil
}

// signingKey says what is wrong with a secret that signs by Standard Webhooks.
func signingKey(secret string) (why string) {
	key := []byte(secret)
	if coded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return "must be base64 after whsec_"
		}
	}
	if len(key) < minSigningKey {
		return fmt.Sprintf("is too short (minimum is %d bytes)", minSigningKey)
	}
	return ""
}

// seal seals plain, which takes the place of before. Sealed anew the same secret
// is another text: a file that has it would make a version each time that it is
// applied.
func (t Terms) seal(before Secret, plain string) (Secret, error) {
	if t.Open != nil && plain != "" && before != "" {
		if was, err := t.Open(before); err == nil && was == plain {
			return before, nil
		}
	}
	return t.Seal(plain)
}
