package corpus

// What voicemails say.
var (
	personal = wording{
		{
			"Hi, you've reached {name}. I can't come to the phone right now. Please leave your name and number, and I'll get back to you as soon as I can.",
			"Hey, it's {name}. Leave a message after the beep.",
			"This is {name} {last}. I'm not available to take your call. Please leave a message.",
			"Hi, this is {name}'s phone. I'm either away from my desk or on the other line. Leave me a message and I'll call you back. Thanks.",
			"Hello, you have reached the voicemail of {name} {last}. I am out of the office until {day}. If it's urgent, please call my assistant.",
			"You've got {name}. You know what to do.",
			"Sorry I missed your call. Leave your name, your number, and a short message, and have a great day.",
			"Hi, you've reached the {last} family. Nobody is home, so please leave a message at the tone.",
			"What's up, this is {name}, I can't pick up, so shoot me a text instead. Bye.",
			"Hello, this is {name}. I'm on vacation with no phone. Please try me again after {day}.",
		},
		{
			"Hi, {name} here. I'm unable to get to my phone at the moment, but if you leave a voicemail I'll return your call.",
			"You've reached {name} {last}'s voice mail. Kindly leave a detailed message and a call back number.",
			"Hey there, I missed you. Speak after the tone and I will ring you back.",
			"Hello, {name} {last} here. I'm away from the phone just now. Record your message at the tone. Thank you very much.",
			"It's {name}, I'm probably in a meeting or driving. Tell me who you are and what you need and I'll be in touch.",
			"Hello. We can't get to the phone but your call matters to us. Leave us a message. Cheers.",
			"Yo, it's {name}, wait for the beep.",
			"Thanks for calling {name} {last}. I'm away until {day}. For anything that can't wait, please send me an email.",
			"Hi, it's {name}. If you're hearing this then I couldn't answer. Leave a message, or better, text me.",
			"This is the {last} home. We're out and about. Leave word and one of us will call you.",
			"You have reached the mailbox of {name} {last}. I check it often, so leave your details.",
		},
	}
	carrier = wording{
		{
			"Your call has been forwarded to an automated voice message system. {number}, is not available. At the tone, please record your message. When you have finished recording, you may hang up, or press one for more options.",
			"Your call has been forwarded to voicemail. The person you're trying to reach is not available. At the tone, please record your message.",
			"The wireless customer you are calling is not available. Please leave your message after the tone.",
			"Please leave your message for {number}.",
			"The person you are calling cannot take your call now. At the tone please record your message.",
			"Hello. No one is available to take your call. Please leave a message after the tone.",
		},
		{
			"The person you have called is unable to answer. Please leave a message after the beep.",
			"The Google subscriber you have called is not available. Please leave your message following the tone.",
			"Welcome to the messaging service. The customer at {number}, can't take your call. Please speak after the beep, and press pound when you are done.",
			"The number you have dialed, {number}, can't answer just now. To leave a voice message, wait for the tone. To leave a callback number, press five.",
			"Sorry, {number}, did not pick up. Record your message after the beep.",
			"The party you have dialed is away from the phone. Leave a voice message at the signal.",
			"You have reached the voice mailbox of {number}. Nobody can take your call at the moment.",
		},
	}
	company = wording{
		{
			"Thank you for calling {firm}. All of us are helping other customers. Please leave your name, number and a brief message, and we will return your call.",
			"You have reached {firm}. No one can take your call right now. Leave a message and we'll call you back the same day.",
			"Hi, this is {firm}. We're sorry that we missed you. Please leave your contact details after the tone.",
			"You've reached the voicemail box of {firm} in {town}. Your message will be answered in the order in which it came.",
		},
		{
			"Hello, and thanks for ringing {firm}. Everybody is away from the phone just now. Tell us how to get hold of you after the beep.",
			"This is the answering machine of {firm}. Leave your message and somebody from our team will phone you.",
			"{firm} here. We can't pick up. Please record a message with your name and telephone number.",
			"You're through to {firm}'s voice mail. One of our agents will get back to you shortly, so please do leave your number.",
		},
	}
	hours = wording{
		{
			"Thank you for calling {firm}. Our office is now closed. Our hours are {hour} to {late}, Monday through Friday. Please leave a message and we will call you back on the next business day.",
			"You've reached {firm}. We are closed for the day. If this is an emergency, hang up and dial nine one one. Otherwise leave a message.",
			"Hello, {firm} is closed at this time. We open at {hour} in the morning. Please leave your name and number.",
		},
		{
			"{firm} is shut at the moment. You can reach us from {hour} till {late} on weekdays. Leave your details and we'll ring you when we're back.",
			"You are calling outside of our business hours. We're here every day except Sunday, from {hour} to {late}. Please record your message after the tone.",
			"Hi, you've called {firm} after hours. Come back at {hour} tomorrow, or tell us after the beep what it is about.",
			"Our lines are open between {hour} and {late}. Please call again then, or leave us a voice message now.",
		},
	}
	// more is what long greetings go on with.
	more = wording{
		{
			"If you are calling about an order, please have your order number at hand.", "Our web site has answers to the most common questions.",
			"For directions to our store in {town}, stay on the line or look at our web page.", "We also have a new location in {town}, right next to the station.",
			"If you know that you will be late for an appointment, please tell us the day before.", "Our newsletter comes out on {day} and is free of charge.",
			"Deliveries to {town} take two to three days at this time of the year.", "We do not take orders over the phone any more.",
			"Bills can be paid by card or in cash at the front desk.", "Please speak slowly and say your number twice.",
		},
		{
			"Customers who ask about a bill should mention the account it belongs to.", "You will find opening times and prices on the internet.",
			"Our branch in {town} is being painted, so please use the side door.", "Parking is behind the building, and the first hour is free.",
			"Appointments for {day} are all taken, but there is a waiting list.", "If a dog has eaten something odd, don't wait, come by at once.",
			"The summer sale has begun, with up to half off on garden chairs.", "For the fax, dial the same number with a nine at the end.",
			"New patients should bring a list of what they take.", "We are proud to serve {town} and the towns around it.",
		},
	}
	long = wording{
		{"Hello, and thank you for calling {firm}. We are sorry that nobody can take your call.", "You have reached {name} {last} at {firm}. I'm away from my desk, but please listen to all of this message."},
		{"A warm welcome to {firm}. None of us can get to the phone. Please listen first, then leave your message.", "Hi, this is {name} from {firm}, out on the road this week, with a few things to know before you leave a message."},
	}
	// brief ones take 1.5 to 2 s.
	brief = wording{
		{"Leave a message for {name}.", "Please leave a message.", "{name} {last}, leave a message.", "You've reached {name}.", "After the tone, thanks.", "{name}'s phone, message please."},
		{"Leave your message now.", "It's {name}, leave me a message.", "Can't talk, leave a message.", "{name}'s voicemail, go ahead.", "Messages for {name}, please.", "Speak after the beep."},
	}
	full = wording{
		{
			"The mailbox is full and cannot accept any messages at this time. Goodbye.",
			"You have reached {name}. The mailbox you have called is full. Please try again later.",
			"The person you are trying to reach is not available, and their voice mailbox is full.",
			"The customer you are calling has a voice mailbox that has not been set up yet. Goodbye.",
			"We're sorry, {number}, has a full mailbox. Thank you, goodbye.",
		},
		{
			"I'm sorry, this voicemail box is full and can't take new messages. Bye bye.",
			"The inbox of {number}, has no room for another message. Please call back another time.",
			"The person you have dialed has a voicemail box that hasn't been set up. Please try again some other day.",
			"The voice mail box of {name} {last} is full. To send a text, hang up.",
			"You can't leave a message now, as the mailbox is full.",
			"The mailbox belonging to {number}, isn't set up to receive messages.",
		},
	}
)
