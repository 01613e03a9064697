package corpus

// What other machines say, and announcements.
var (
	unavailable = wording{
		{
			"We're sorry. You have reached a number that has been disconnected or is no longer in service.",
			"The number you have dialed is not in service. Please check the number and try again.",
			"We're sorry, your call cannot be completed as dialed. Please check the number and dial again.",
			"The subscriber you have dialed is not in service.",
			"All circuits are busy now. Please try your call again later.",
			"The customer you are calling is unavailable, or outside the coverage area.",
		},
		{
			"The number you are calling has been changed, disconnected, or is temporarily out of service.",
			"Sorry, this number is not working. No further information is available about it.",
			"Your call can't be connected at this time. Hang up and try again in a few minutes.",
			"The mobile phone you are calling may be switched off or out of range.",
			"The number you have called is not recognized. Make sure that you have the right number.",
			"Due to network difficulties, your call could not go through. Please try later.",
			"This line does not accept incoming calls.",
		},
	}
	screener = wording{
		{
			"Hi, the person you're calling is using a screening service from Google, and will get a copy of this conversation. Go ahead and say your name and why you're calling.",
			"Please state your name after the tone, and Google Voice will try to connect you.",
			"The person you are calling screens their calls. Please say who you are and the reason for your call.",
			"Hello, this is the call assistant of {name}. May I ask who's calling and what it is about?",
			"This number uses call screening. After the tone, state your name and why you are calling.",
			"Before I connect you, please tell me your name and the purpose of your call.",
		},
		{
			"Hi, if you record your name and reason for calling, I'll see if this person is available.",
			"Hello, I'm {name}'s digital assistant and I screen calls. What's your name, and what are you calling about?",
			"The person you're trying to reach doesn't take calls from unknown numbers. Please record your name and the reason for calling.",
			"You have reached a smart call filter. Say your name and the company you are calling from.",
			"Thank you for calling. So that I can announce you, please give your name and what the call is regarding.",
			"Hi, I'm an automated assistant. Tell me who is calling and why, and I'll check whether {name} can talk.",
			"Your call is being screened. Please say your name, followed by the reason for your call.",
		},
	}
	menu = wording{
		{
			"Thank you for calling {firm}. For sales, press one. For service, press two. To speak with an operator, press zero.",
			"Welcome to {firm}. If you know your party's extension, you may dial it at any time. For billing, press three. To hear these options again, press nine.",
			"{firm}. Para espanol, oprima el dos. To make an appointment, press one. For all other questions, press four.",
			"Please listen carefully as our menu options have changed. For your account balance, press one. For lost or stolen cards, press two.",
			"Hello. To refill a prescription, press one. For the pharmacy's hours, press two. To talk to somebody, press zero now.",
		},
		{
			"You have called {firm}. Choose from the following options. Press one for new customers. Press two for existing customers. Or hold for the next person.",
			"Good afternoon, this is {firm} in {town}. To book a table press one, to cancel one press two, for anything else press three.",
			"Enter the extension of the person you wish to talk to, or press pound for the directory.",
			"Thanks for calling {firm}. In a few words, tell me what you are calling about. You can say things like, pay my bill, or, new order.",
			"Main menu. One for opening hours, two for parts, three for the workshop. Press star to go back.",
			"For English, press one. For deliveries, press five. Stay on the line if you have a rotary phone.",
		},
	}
	queue = wording{
		{
			"Your call is important to us. Please stay on the line, and the next available representative will be with you shortly.",
			"All of our agents are currently busy. Please hold, and your call will be answered in the order it was received.",
			"Thank you for holding. You are caller number {digit} in line.",
			"Please continue to hold for the next available agent.",
		},
		{
			"We value your call. Somebody will be with you soon, so please don't hang up.",
			"All our lines are engaged at the moment. You are being held in a queue.",
			"Thanks for your patience. Your expected waiting time is {digit} minutes.",
			"We'll be right with you. Please keep holding.",
		},
	}
	// holdOn is what a screener says while it asks the person.
	holdOn = wording{
		{"Thanks. Please hold while I try to connect you.", "Okay, stay on the line.", "Thank you. One moment please."},
		{"Got it. I'll see if they can take your call.", "All right, please wait a little.", "Thanks, hold on while I check."},
	}
)
