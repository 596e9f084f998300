"use strict";
// Small comforts; nothing that matters needs them. Times show the reader's own zone as a tooltip.
for (const time of document.querySelectorAll("time[datetime]"))
	time.title = new Date(time.dateTime).toLocaleString();

// Browsers have a clipboard only where the connection is safe; elsewhere they copy what is selected.
function copy(text) {
	if (navigator.clipboard !== undefined)
		return navigator.clipboard.writeText(text);

	const area = document.createElement("textarea");

	area.value = text;
	document.body.append(area);
	area.select();
	const isCopied = document.execCommand("copy");
	area.remove();
	return isCopied ? Promise.resolve() : Promise.reject(new Error("not copied"));
}

function copyButton(text) {
	const button = document.createElement("button");
	const done = (word) => { button.textContent = word; };

	button.type = "button";
	button.className = "copy";
	button.textContent = "Copy";
	button.setAttribute("aria-live", "polite");
	button.addEventListener("click", () => {
		copy(text).then(() => done("Copied"), () => done("Not copied"));
	});
	return button;
}

// Beside the address to clone from, and beside the id of a commit, which the page shows in part.
for (const input of document.querySelectorAll(".clone input[readonly]"))
	input.after(" ", copyButton(input.value));
for (const shown of document.querySelectorAll("[data-copy]"))
	shown.append(" ", copyButton(shown.dataset.copy));
