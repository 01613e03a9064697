package ws

import (
	"fmt"
	"strings"
)

const kosme = "κόσμε"

// Sequences from Markus Kuhn's test of UTF-8 decoders, by the sections of which
// Autobahn's 6.5 to 6.23 go.
var (
	goodText = []string{
		"Hello-µ@ßöäüàá-UTF-8!!", kosme, "\x00", "\u007f", "\u0080", "\u07ff", "\u0800", "\uffff", "\U00010000", "\U0010ffff",
		"\ud7ff", "\ue000", "\ufffd", "\ufffe", "\U0001fffe", "\U000fffff", "日本語", "👍🏽",
	}
	badText = map[string]string{
		"a continuation byte":               "\x80",
		"the last continuation byte":        "\xbf",
		"two of them":                       "\x80\xbf",
		"seven of them":                     "\x80\xbf\x80\xbf\x80\xbf\x80",
		"a start of two, then a space":      "\xc2 ",
		"a start of three, then a space":    "\xe0 ",
		"a start of four, then a space":     "\xf0 ",
		"a start of five":                   "\xf8\x88\x80\x80\x80",
		"a start of six":                    "\xfc\x84\x80\x80\x80\x80",
		"FE":                                "\xfe",
		"FF":                                "\xff",
		"the first third of a character":    "\xe0",
		"two of three bytes":                "\xe0\xa0",
		"three of four bytes":               "\xf0\x90\x80",
		"a slash in two bytes":              "\xc0\xaf",
		"a slash in three bytes":            "\xe0\x80\xaf",
		"a slash in four bytes":             "\xf0\x80\x80\xaf",
		"the longest two that are too long": "\xc1\xbf",
		"the longest three too long":        "\xe0\x9f\xbf",
		"the longest four too long":         "\xf0\x8f\xbf\xbf",
		"NUL in two bytes":                  "\xc0\x80",
		"a high surrogate":                  "\xed\xa0\x80",
		"a low surrogate":                   "\xed\xb0\x80",
		"both of a pair":                    "\xed\xa0\x80\xed\xb0\x80",
		"the last surrogate":                "\xed\xbf\xbf",
		"beyond the last code point":        "\xf4\x90\x80\x80",
		"far beyond it":                     "\xf7\xbf\xbf\xbf",
	}
)

func utf8Whole() (cases []claim) {
	for i, s := range goodText {
		cases = append(cases,
			claim{fmt.Sprintf("6.1.%d good text", i), peer{}.text(s).bye(), []string{text(s)}, nil, goodbye},
			claim{fmt.Sprintf("6.2.%d good text, byte by byte", i), peer{}.chopped(s, 1).bye(), []string{text(s)}, nil, goodbye},
			claim{fmt.Sprintf("6.3.%d good text, in a long one", i), peer{}.text(strings.Repeat("x", 61) + s + strings.Repeat("y", 64)).bye(), []string{text(strings.Repeat("x", 61) + s + strings.Repeat("y", 64))}, nil, goodbye})
	}
	for name, s := range badText {
		cases = append(cases,
			claim{"6.4 " + name, peer{}.text(s).text("late"), nil, nil, notText},
			claim{"6.5 " + name + ", behind good text", peer{}.text("good").text(kosme + s), []string{text("good")}, nil, notText},
			claim{"6.6 " + name + ", byte by byte", peer{}.chopped(kosme+s, 1).text("late"), nil, nil, notText},
			claim{"6.7 " + name + " is a fine binary message", peer{}.binary(s).bye(), []string{bin(s)}, nil, goodbye},
			claim{"6.8 " + name + " is a fine ping", peer{}.ping(s).bye(), nil, []string{pong(s)}, goodbye})
	}
	return cases
}

// utf8Cut are characters that are cut by fragments, and mistakes that can be
// known before the message is complete.
func utf8Cut() []claim {
	return []claim{
		{"6.20 a character in two fragments", peer{}.textOn("\xce").last("\xba").bye(), []string{text("κ")}, nil, goodbye},
		{"6.21 a ping within a character", peer{}.textOn("\xf0\x9f").ping("p").last("\x91\x8d").bye(), []string{text("👍")}, []string{pong("p")}, goodbye},
		{"6.22 an empty fragment within a character", peer{}.textOn("\xf0\x9f").more("").last("\x91\x8d").bye(), []string{text("👍")}, nil, goodbye},
		{"6.23 ASCII within a character", peer{}.textOn("\xf0\x9f").more("a").last("\x91\x8d"), nil, nil, notText},
		{"6.24 eight bytes of ASCII within a character", peer{}.textOn("\xe0\xa0").last("aaaaaaaa"), nil, nil, notText},
		{"6.25 a mistake is told before the message is over", peer{}.textOn(kosme).more("\xf4\x90"), nil, nil, notText},
		{"6.26 and within a frame", peer{}.bytes(0x81, 0x80|9, 0, 0, 0, 0).bytes([]byte("\xce\xba\xf4\x90")...), nil, nil, notText},
		{"6.27 a beginning that may yet become one is no mistake", peer{}.textOn(kosme + "\xf4\x8f"), nil, nil, cut},
		{"6.28 the message is over within a character", peer{}.textOn(kosme).last("\xf4\x8f"), nil, nil, notText},
		{"6.29 and an empty fragment is its end", peer{}.textOn("\xc3").last(""), nil, nil, notText},
		{"6.30 a new message has no part in the last one's character", peer{}.binary("\xc3").text("\xa9"), []string{bin("\xc3")}, nil, notText},
		{"6.31 a reply to a mistake comes once", peer{}.text("\xff").ping("p").bye(), nil, nil, notText},
	}
}

func closes() (cases []claim) {
	longest := strings.Repeat("*", 123)
	cases = []claim{
		{"7.1 close with 1000", peer{}.bye(), nil, nil, goodbye},
		{"7.2 a second close", peer{}.bye().bye(), nil, nil, goodbye},
		{"7.3 a ping behind it", peer{}.bye().ping("p"), nil, nil, goodbye},
		{"7.4 a message behind it", peer{}.text("a").bye().text("b"), []string{text("a")}, nil, goodbye},
		{"7.5 nonsense behind it", peer{}.bye().bytes(0xff, 0xff, 0xff), nil, nil, goodbye},
		{"7.6 no code", peer{}.raw(0x88, ""), nil, nil, "1005"},
		{"7.7 half a code", peer{}.raw(0x88, "\x03"), nil, nil, protocol},
		{"7.8 a reason", peer{}.close(1000, "Hello"), nil, nil, goodbye},
		{"7.9 the longest reason", peer{}.close(1000, longest), nil, nil, goodbye},
		{"7.10 a longer one", peer{}.close(1000, longest+"*"), nil, nil, protocol},
		{"7.11 a reason that is no text", peer{}.close(1000, "\xce\xba\xe1\xbd\xb9\xed\xa0\x80"), nil, nil, notText},
		{"7.12 a reason that ends within a character", peer{}.close(1000, "\xce"), nil, nil, notText},
		{"7.13 a close in fragments", peer{}.raw(0x08, "\x03\xe8"), nil, nil, protocol},
		{"7.14 half a close", peer{}.close(1000, "Hello")[:10], nil, nil, cut},
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		cases = append(cases, claim{fmt.Sprintf("7.15 code %d", code), peer{}.close(code, "why"), nil, nil, fmt.Sprint(code)})
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		cases = append(cases, claim{fmt.Sprintf("7.16 code %d, which must not be sent", code), peer{}.close(code, ""), nil, nil, protocol},
			claim{fmt.Sprintf("7.17 code %d with a reason", code), peer{}.close(code, "why"), nil, nil, protocol})
	}
	return cases
}

func limits() []claim {
	most := strings.Repeat("m", suiteLimit)
	return []claim{
		{"9.1 as long as may be", peer{}.text(most).text("next").bye(), []string{text(most), text("next")}, nil, goodbye},
		{"9.2 a byte more, before any of it came", peer{}.bytes(0x81, 0x80|127, 0, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0), nil, nil, tooBig},
		{"9.3 as long as may be, in fragments of 4 KiB", peer{}.chopped(most, 4096).bye(), []string{text(most)}, nil, goodbye},
		{"9.4 a byte more in the last fragment", peer{}.textOn(most).last("m"), nil, nil, tooBig},
		{"9.5 fragments that are too long together", peer{}.times(17, func(p peer, i int) peer {
			return p.raw(byte(min(1, max(0, 1-i))), most[:1<<16])
		}), nil, nil, tooBig},
		{"9.6 binary, as long as may be", peer{}.binary(most).bye(), []string{bin(most)}, nil, goodbye},
		{"9.7 pings don't count", peer{}.textOn(most).ping(most[:125]).last("").bye(), []string{text(most)}, []string{pong(most[:125])}, goodbye},
		{"9.8 the limit is each message's own", peer{}.text(most[:1<<19]).text(most[:1<<19]).text(most[:1<<19]).bye(), []string{text(most[:1<<19]), text(most[:1<<19]), text(most[:1<<19])}, nil, goodbye},
		{"10.1 a frame of 64 KiB", peer{}.text(most[:1<<16]).bye(), []string{text(most[:1<<16])}, nil, goodbye},
	}
}
