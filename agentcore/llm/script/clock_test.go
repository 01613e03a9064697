package script

import "testing"

func TestTimesAreUnderstoodAsPeopleSayThem(t *testing.T) {
	for _, tt := range []struct {
		said  string
		asked bool
		want  string // empty: no time
	}{
		{"at three thirty", false, "15:30"},
		{"Tuesday at three-thirty, please.", false, "15:30"},
		{"Tuesday at 3:30.", false, "15:30"},
		{"Tuesday at 3.30", false, "15:30"},
		{"3:30 p.m.", false, "15:30"},
		{"3:30pm", false, "15:30"},
		{"3pm", false, "15:00"},
		{"9am", false, "09:00"},
		{"half past three", false, "15:30"},
		{"half three", false, "15:30"},
		{"quarter past nine", false, "09:15"},
		{"a quarter to one", false, "12:45"},
		{"a quarter to eight", false, "07:45"},
		{"ten past three", false, "15:10"},
		{"twenty five minutes to four", false, "15:35"},
		{"five to nine", false, "08:55"},
		{"at ten", false, "10:00"},
		{"around eleven", false, "11:00"},
		{"ten", true, "10:00"},
		{"ten", false, ""},
		{"ten o'clock", false, "10:00"},
		{"10 o'clock", false, "10:00"},
		{"one o'clock", false, "13:00"},
		{"twelve thirty", false, "12:30"},
		{"eight forty five", false, "08:45"},
		{"four oh five", false, "16:05"},
		{"two p m", false, "14:00"},
		{"two in the afternoon", false, "14:00"},
		{"seven in the morning", false, "07:00"},
		{"eight in the evening", false, "20:00"},
		{"Tuesday afternoon at three", false, "15:00"},
		{"tomorrow morning at seven", false, "07:00"},
		{"good morning, at three thirty", false, "15:30"},
		{"at 330", false, "15:30"},
		{"at 1530", false, "15:30"},
		{"15:30", false, "15:30"},
		{"08:00", false, "08:00"},
		{"at twelve am", false, "00:00"},
		{"noon", false, "12:00"},
		{"at midday", false, "12:00"},
		{"not at three, at four", false, "16:00"},
		{"at for", false, "16:00"},
		{"at ate thirty", false, "08:30"},
		{"I have two children", false, ""},
		{"half an hour", false, ""},
		{"at 99", false, ""},
		{"at 2:75", false, ""},
		{"25:00", false, ""},
		{"for the two of us", true, ""},
		{"at to the", false, ""},
		{"quarter", false, ""},
		{"quarter past", false, ""},
		{"the price is 12 dollars", false, ""},
	} {
		got := ""
		for _, s := range read(tt.said) {
			for _, h := range (clock{words: s, earliest: 8, asked: tt.asked}).find() {
				got = h.value.plain
			}
		}
		if got != tt.want {
			t.Errorf("%q (asked %v) = %q, want %q", tt.said, tt.asked, got, tt.want)
		}
	}
}

func TestTimesAreSaidAsPeopleSayThem(t *testing.T) {
	for _, tt := range []struct {
		minutes      int
		plain, words string
	}{
		{0, "00:00", "twelve o'clock"},
		{8 * 60, "08:00", "eight o'clock"},
		{15*60 + 30, "15:30", "half past three"},
		{15*60 + 15, "15:15", "quarter past three"},
		{15*60 + 45, "15:45", "quarter to four"},
		{23*60 + 45, "23:45", "quarter to twelve"},
		{9*60 + 5, "09:05", "nine oh five"},
		{9*60 + 10, "09:10", "nine ten"},
		{13*60 + 20, "13:20", "one twenty"},
		{13*60 + 59, "13:59", "one fifty nine"},
	} {
		if v := timeValue(tt.minutes); v.plain != tt.plain || v.spoken != tt.words {
			t.Errorf("%d = %q, %q, want %q, %q", tt.minutes, v.plain, v.spoken, tt.plain, tt.words)
		}
	}
}

// Every time that the agent reads back is understood as that time when the
// caller says it again.
func TestEveryTimeSurvivesBeingReadBack(t *testing.T) {
	for m := 8 * 60; m <= 19*60+30; m++ {
		want := timeValue(m)
		hits := clock{words: read("at " + want.spoken)[0], earliest: 8}.find()
		if len(hits) != 1 || hits[0].value != want {
			t.Errorf("%s: %q is understood as %v", want.plain, want.spoken, hits)
		}
	}
}

func TestDaysAreUnderstoodThoughMisheard(t *testing.T) {
	day := &slot{kind: "day", choices: days}
	for _, tt := range []struct{ said, want string }{
		{"Tuesday", "Tuesday"}, {"on Tuesdays", "Tuesday"}, {"Tues day please", "Tuesday"}, {"wensday", "Wednesday"},
		{"Thursday", "Thursday"}, {"thirsday", "Thursday"}, {"saterday", "Saturday"}, {"tomorrow", "tomorrow"}, {"tomorow", "tomorrow"},
		{"the day after tomorrow", "the day after tomorrow"}, {"not Monday, Friday", "Friday"}, {"next Friday", "Friday"},
		{"money", ""}, {"yesterday", ""}, {"birthday", ""}, {"day", ""}, {"", ""},
	} {
		got := ""
		for _, s := range read(tt.said) {
			for _, h := range day.find(s, false) {
				got = h.value.plain
			}
		}
		if got != tt.want {
			t.Errorf("%q = %q, want %q", tt.said, got, tt.want)
		}
	}
}

func TestWordsAreMatchedLooselyButNotTooMuch(t *testing.T) {
	for _, tt := range []struct {
		want, heard string
		ok          bool
	}{
		{"hours", "hours", true}, {"hours", "ours", true}, {"hours", "hour", true}, {"appointment", "apointmant", true},
		{"operator", "operater", true}, {"tuesday", "teusday", true},
		{"right", "eight", false}, {"right", "night", false}, {"hours", "yours", false}, {"no", "so", false}, {"open", "opens", false},
		{"tuesday", "thursday", false}, {"monday", "sunday", false}, {"cost", "lost", false},
	} {
		if _, ok := alike(tt.want, tt.heard); ok != tt.ok {
			t.Errorf("alike(%q, %q) = %v", tt.want, tt.heard, ok)
		}
	}
}

func TestMessagesAreCutIntoSentencesAndWords(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"What are your opening hours? Tuesday at three-thirty, please.", "what are your opening hours|tuesday at three thirty please"},
		{"At 3.30 p.m. on Tuesday", "at 3:30 pm on tuesday"},
		{"Ten o'clock. What’s it cost?", "ten oclock|whats it cost"},
		{"[1][2] yes [#].", "[1] [2] yes [#]"},
		{"[12] ... --- !", "12"},
		{"\xff\xfe Über alles", "über alles"},
		{"", ""},
	} {
		got := ""
		for i, s := range read(tt.text) {
			if i > 0 {
				got += "|"
			}
			got += s.String()
		}
		if got != tt.want {
			t.Errorf("read(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
