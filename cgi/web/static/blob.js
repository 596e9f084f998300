"use strict";
// Comforts of pages that show code: colours, and lines that one points at (#L10-L20). Without this
// script, or within its limits, the text is there as it is.
(() => {

// checklists/security.md F-17: what highlight.js takes too long for
const TEXT_MOST = 512 * 1024;
const LINE_MOST = 2000;
const TIME_MOST_MS = 3000;

// By the numbers of highlight-worker.js.
const CLASSES = ["", "hl-keyword", "hl-comment", "hl-string", "hl-number", "hl-title", "hl-type", "hl-attr",
	"hl-meta", "hl-added", "hl-removed", "hl-emphasis", "hl-strong"];

// ---- colours

function isTooLarge(text) {
	return text.length > TEXT_MOST || text.split("\n").some((line) => line.length > LINE_MOST);
}

function note(code, words) {
	const p = document.createElement("p");

	p.className = "note";
	p.textContent = words;
	code.closest(".code")?.before(p);
}

// The texts in an element, in order. What stands in marks (for characters one cannot see) is counted,
// but stays.
function textsOf(code) {
	const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT), texts = [];

	while (walker.nextNode())
		texts.push(walker.currentNode);
	return texts;
}

function spanOf(text, kind) {
	if (kind === 0)
		return document.createTextNode(text);
	const span = document.createElement("span");
	span.className = CLASSES[kind];
	span.textContent = text;
	return span;
}

// Only numbers come from the Worker. Together they have to be as long as the text.
function isWhole(parts, length) {
	let sum = 0;

	if (!Array.isArray(parts) || parts.length % 2 !== 0)
		return false;
	for (let i = 0; i < parts.length; i += 2) {
		if (!Number.isInteger(parts[i]) || parts[i] <= 0 || !(parts[i + 1] in CLASSES))
			return false;
		sum += parts[i];
	}
	return sum === length;
}

function colour(code, parts) {
	let i = 0, left = parts[0];

	for (const node of textsOf(code)) {
		const pieces = [];
		let at = 0;

		while (at < node.data.length) {
			const length = Math.min(left, node.data.length - at);

			pieces.push(spanOf(node.data.slice(at, at + length), parts[i + 1]));
			at += length;
			left -= length;
			if (left === 0) {
				i += 2;
				left = parts[i];
			}
		}
		if (node.parentNode === code)
			node.replaceWith(...pieces);
	}
}

// One after the other, so that one Worker is enough; the first that takes too long ends it.
function colourAll(codes, workerUrl) {
	const worker = new Worker(workerUrl, { type: "module" });
	let id = -1, timer = 0;

	const next = () => {
		clearTimeout(timer);
		id++;
		if (id === codes.length) {
			worker.terminate();
			return;
		}
		worker.postMessage({ id, text: codes[id].textContent, language: codes[id].dataset.language });
	};

	const giveUp = () => {
		worker.terminate();
		note(codes[id], "It takes too long to colour this.");
	};

	worker.onmessage = ({ data }) => {
		if (data.id !== id)
			return;
		if (data.isReady) { // slow networks do not count
			timer = setTimeout(giveUp, TIME_MOST_MS);
			return;
		}
		if (isWhole(data.parts, codes[id].textContent.length))
			colour(codes[id], data.parts);
		next();
	};
	worker.onerror = () => {
		clearTimeout(timer);
		worker.terminate();
	};
	next();
}

function startColours(script) {
	const codes = [];

	for (const code of document.querySelectorAll("code[data-language]")) {
		if (!isTooLarge(code.textContent))
			codes.push(code);
		else
			note(code, "It is too large, or has too long lines, to be coloured.");
	}
	if (codes.length > 0)
		colourAll(codes, new URL("highlight-worker.js" + script.search, script));
}

// ---- lines

// "#L10" and "#L10-L20", either way round: [10, 20]. null: it is something else.
function rangeOf(hash) {
	const found = /^#L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash);

	if (found === null)
		return null;
	const first = Number(found[1]), last = Number(found[2] ?? found[1]);
	return [Math.min(first, last), Math.max(first, last)];
}

function lineOf(number) {
	return document.getElementById("L" + number);
}

// Numbers stand beside the text, so the band behind the lines is one element that is as high as
// their numbers.
function bandOf(first, last) {
	const box = first.closest(".code"), band = document.createElement("div");

	if (box === null)
		return;
	const from = first.getBoundingClientRect(), to = last.getBoundingClientRect();
	band.className = "band";
	band.style.top = `${from.top - box.getBoundingClientRect().top - box.clientTop}px`;
	band.style.height = `${to.bottom - from.top}px`;
	box.prepend(band);
}

function showRange(isScrolling) {
	const range = rangeOf(location.hash);

	for (const band of document.querySelectorAll(".code > .band"))
		band.remove();
	if (range === null)
		return;
	const first = lineOf(range[0]), last = lineOf(range[1]) ?? first;
	if (first === null)
		return;
	bandOf(first, last);
	if (isScrolling)
		first.scrollIntoView({ block: "center" });
}

// A click points at a line; with Shift, at all from the one before to this one.
function point(event) {
	const line = event.target.closest(".numbers b[id^=L]"), range = rangeOf(location.hash);

	if (line === null)
		return;
	const to = Number(line.id.slice(1)), from = event.shiftKey && range !== null ? range : [to, to];
	const first = Math.min(from[0], to), last = Math.max(from[1], to);
	history.replaceState(null, "", first === last ? `#L${first}` : `#L${first}-L${last}`);
	showRange(false);
}

startColours(new URL(document.currentScript.src));
showRange(location.hash.includes("-"));
addEventListener("hashchange", () => showRange(location.hash.includes("-")));
addEventListener("resize", () => showRange(false));
document.addEventListener("click", point);

})();
