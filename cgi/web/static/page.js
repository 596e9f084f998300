"use strict";
// Small comforts; nothing that matters needs them. Times show the reader's own zone as a tooltip.
for (const time of document.querySelectorAll("time[datetime]"))
	time.title = new Date(time.dateTime).toLocaleString();

// A button beside each address that one copies.
function copy(input, button) {
	const done = (word) => { button.textContent = word; };

	input.select();
	// browsers have it only where the connection is safe; else the text is at least selected
	if (navigator.clipboard === undefined)
		done(document.execCommand("copy") ? "Copied" : "Selected");
	else
		navigator.clipboard.writeText(input.value).then(() => done("Copied"), () => done("Selected"));
}

for (const input of document.querySelectorAll(".clone input[readonly]")) {
	const button = document.createElement("button");

	button.type = "button";
	button.className = "copy";
	button.textContent = "Copy";
	button.setAttribute("aria-live", "polite");
	button.addEventListener("click", () => copy(input, button));
	input.after(" ", button);
}
