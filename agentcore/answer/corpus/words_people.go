package corpus

// What people say who answer.
var (
	hello = wording{
		{"Hello?", "Hello.", "Hi, hello?", "Yes?", "Hey.", "Yeah, hello?", "Good morning.", "Hello, hello.", "Yep.", "Speaking.", "Ahoy.", "Go ahead."},
		{"Hello?", "Hi.", "Hello there.", "Yes, hello?", "Yeah?", "Good afternoon.", "Hi there.", "Hello, yes?", "Evening.", "Who's this?", "Hullo.", "Talk to me."},
	}
	named = wording{
		{"{name} speaking.", "This is {name}.", "Hello, {name} here.", "Hi, {name} {last}.", "{last} residence.", "Yes, this is {name} speaking.", "{name} {last}, good morning."},
		{"Hello, this is {name} {last}.", "{name} {last} speaking, hello.", "It's {name}.", "Good afternoon, {name} speaking.", "You're through to {name}.", "The {last} house, hi.", "{name}, what's up?"},
	}
	firm = wording{
		{"{firm}, good morning.", "{firm}, how can I help?", "{firm}, {name} speaking.", "Good morning, {firm}.", "Front desk, this is {name}.", "Accounts, {name} here."},
		{"{firm}, hello.", "{firm}, this is {name}.", "Thanks for calling {firm}.", "Hello, {firm}, can you hold a second?", "Reception, good afternoon.", "Parts department, {name} here, hi."},
	}
	firmLong = wording{
		{
			"Good morning, thank you for calling {firm}, this is {name} speaking, how may I help you today?",
			"Thanks for calling {firm} in {town}, my name is {name}, how can I help you?",
			"Hello and thank you for calling {firm}. You're speaking with {name}. What can I do for you?",
			"It's a great day at {firm}, this is {name}, how can I direct your call?",
			"{firm}, your partner in {town} for thirty years, {name} speaking, how may I be of help?",
			"Good morning, doctor {last}'s office, this is {name}, do you have an appointment with us?",
		},
		{
			"Good afternoon and welcome to {firm}, you're talking to {name}, what can I do for you this afternoon?",
			"Thank you for calling {firm} of {town}. {name} here. Who am I speaking with?",
			"{firm}, this is {name} at the service desk, may I have your name please?",
			"Hi, you've reached {firm}, this is {name}, how can I help?",
			"Hello, {firm} customer care, {name} speaking, could I have your account number to begin with?",
			"Happy holidays from all of us at {firm}, {name} speaking, where can I send your call?",
			"Law office of {last} and {last}, {name} speaking, are you an existing client?",
		},
	}
	hesitant = wording{
		{"Uh.|Hello?", "Um, hi.|Who is this?", "Hello?|Yes?", "Oh, hey.|Hang on.", "Yeah, one second.|Okay, hi."},
		{"Er.|Hello?", "Hm?|Yes, who's calling?", "Hi.|Can I help you?", "Wait.|Right, hello.", "Okay.|Um, hello there?", "Just a moment.|Hello, sorry about that."},
	}
	// desk are greetings of a business that take a breath, and end like no other.
	desk = wording{
		{
			"Good morning, thank you for calling {firm} in {town}.|My name is {name}, and you are through to the service team.|What can I do for you today?",
			"Thank you for calling {firm}, home of the lifetime guarantee.|This is {name}.|How can I help you?",
			"Hello, you have reached the front office of {firm}, {name} speaking.|Are you calling about an order?",
			"Thanks so much for calling {firm}, we are open until {late} today.|{name} speaking, how may I direct your call?",
		},
		{
			"A very good day to you, you have reached the sales desk of {firm} in {town}.|I'm {name}.|Which department would you like?",
			"Thank you for ringing {firm}, the friendly people at the corner.|You are speaking to {name}.|How may I be of service?",
			"Good evening, and thanks for your call to {firm}.|{name} is my name.|Is it about a booking?",
			"Hi there, this is {firm}, your local specialist for more than forty years.|{name} on the line, what can we do for you?",
			"{firm} reservations, thank you for your patience, I'm {name}.|Could I take your name, please?",
		},
	}
	// goesOn is what somebody says behind a beep that is theirs.
	goesOn = wording{
		{"Sorry, that was the microwave. Who's calling?", "That's my phone's battery. What was your name?", "Excuse me, I pressed something. Hello?", "There goes the oven. How can I help?"},
		{"Pardon that noise, it's the dishwasher. Who is there?", "Oops, wrong button. Hello, are you still on?", "My smoke alarm does that all day. What is this about?", "Don't mind the beeping. Yes?"},
	}
	again = wording{
		{"Hello?", "Hello, is anybody there?", "Hello, who's calling?", "Are you there?"},
		{"Hello?", "Hello? Can you hear me?", "Anyone on the line?", "Who is it?", "Hi, I can't hear you."},
	}
	talker = wording{
		{
			"Hello, this is {name}, sorry, I was out in the garden and I had to run to get the phone, so give me a second to catch my breath. Okay. What is it about?",
			"Oh hi, listen, I'm just about to walk into a meeting so I have about one minute, but if this is about the car, then yes, I would still like to sell it. What are you offering?",
			"Hey, I was just going to call you, because I looked at the papers you sent and I don't understand the second page at all. Did you want me to sign that one or not?",
			"Good morning. Before you say anything, if this is about the electricity bill then I have told your colleague yesterday that it is paid, so please check that first.",
		},
		{
			"Yes hello, who's that? My phone doesn't show a number and my daughter said that somebody would ring about the kitchen today. Is that you? We were thinking of the white one.",
			"Hi, sorry about the noise, I'm on a train and we may go into a tunnel any second now, so if I drop off just ring again in ten minutes. Anyway, how are you doing?",
			"{name} {last} speaking here. I hope this is about the parcel, since I have waited at home all day and nobody came, and now the website says that I was not in, which is simply not true.",
			"Hello? I had a feeling that you would call. I talked to my husband last night and we both think the blue one is better, although it is a little more than we wanted to spend.",
			"Okay hold on, let me turn this down. There. We've got the builders in this week and it has been like this since six in the morning. So what can I do for you?",
		},
	}
	// busy have no time.
	busy = wording{
		{"Hello, I can't talk right now.", "Hi, I'm driving, can you call me back?", "Sorry, I'm in a meeting, what is it?", "Not now please, I'm at work."},
		{"Hello, sorry, this is a bad time.", "Hey, I'm busy at the moment, could you try me later?", "I'm not interested, thank you.", "She's not available right now, can I take a message?", "He's not here, who should I say called?"},
	}
	// television is what is heard behind people.
	television = wording{
		{
			"And now the weather for the weekend. Expect some rain along the coast and sunshine further inland, with a light wind from the west. Back to you in the studio.",
			"The home team is two points ahead with three minutes left to play, and what a pass that was from the young man on the left side.",
		},
		{
			"Tonight at nine, a new episode of the show that everyone is talking about. She knows his secret, but will she tell? Only on channel four.",
			"Stocks closed higher today after the bank left its rates where they were. Traders said that they had seen it coming for weeks.",
			"Beat the eggs until they are light, then fold in the flour, a spoon at a time, and don't open the oven for twenty minutes.",
		},
	}
	// pickedUp is what a person says who takes the call from a machine.
	pickedUp = wording{
		{"Hello? Hello, I'm here.", "Hello?", "Hi, sorry, I'm here, who is this?", "Wait, don't hang up, this is {name}."},
		{"Hello? Yes, I've got it.", "Hello?", "Hey, I'm on, hello?", "Sorry, I was screening, this is {name}.", "Hang on, hang on, hello?"},
	}
	// screened is what a person says whom a screener has put through.
	screened = wording{
		{"Hello?", "Hi, this is {name}.", "Hello, what is this about?", "Yes, hello, I'm here."},
		{"Hello?", "{name} here, hi.", "Yeah, hi, what do you need?", "Hello, I heard you wanted to talk to me?"},
	}
)
