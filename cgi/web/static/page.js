"use strict";
// Small comforts; nothing that matters needs them. Times show the reader's own zone as a tooltip.
for (const time of document.querySelectorAll("time[datetime]"))
	time.title = new Date(time.dateTime).toLocaleString();
