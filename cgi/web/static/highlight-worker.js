// A module Worker that finds out what the parts of a program's text are. It gets {id, text, language}
// and answers {id, parts}: lengths (as strings count them) and kinds in turn, which cover the whole
// text; parts is null where it cannot tell. Nothing of the text comes back, and no HTML is made.
// {id, isReady} comes before, when all is loaded: who asks ends the Worker when it takes too long.

// Files of highlight/, by their name there; what the server says, or what a code block calls itself.
const LANGUAGES = new Set(["ada", "awk", "bash", "c", "clojure", "cmake", "cpp", "csharp", "css", "d",
	"dart", "diff", "dockerfile", "elixir", "erlang", "fortran", "go", "graphql", "groovy", "haskell",
	"ini", "java", "javascript", "json", "julia", "kotlin", "latex", "lisp", "lua", "makefile",
	"markdown", "nginx", "nix", "objectivec", "ocaml", "perl", "php", "powershell", "properties",
	"protobuf", "python", "r", "ruby", "rust", "scala", "scheme", "scss", "sql", "swift", "tcl",
	"typescript", "vala", "verilog", "vhdl", "vim", "xml", "yaml"]);

const OTHER_NAMES = new Map(Object.entries({
	"c++": "cpp", "c#": "csharp", cc: "cpp", clj: "clojure", console: "bash", cs: "csharp", cxx: "cpp",
	docker: "dockerfile", ex: "elixir", f90: "fortran", golang: "go", h: "c", hpp: "cpp", hs: "haskell",
	html: "xml", js: "javascript", jsonc: "json", jsx: "javascript", kt: "kotlin", make: "makefile",
	md: "markdown", ml: "ocaml", objc: "objectivec", patch: "diff", pl: "perl", postgresql: "sql",
	proto: "protobuf", ps1: "powershell", py: "python", rb: "ruby", rs: "rust", sh: "bash",
	shell: "bash", svg: "xml", tex: "latex", toml: "ini", ts: "typescript", tsx: "typescript",
	xhtml: "xml", yml: "yaml", zsh: "bash",
}));

// Languages within languages: these are loaded as well.
const WITHIN = {
	dockerfile: ["bash"], javascript: ["css", "graphql", "xml"], markdown: ["xml"], nix: ["markdown"],
	typescript: ["css", "graphql", "xml"], xml: ["css", "javascript"],
};

// What highlight.js calls the parts, the most exact name first, and the number of ours (blob.js has
// their classes). 0 is plain.
const KINDS = {
	keyword: 1, "selector-tag": 1, "template-tag": 1, doctag: 1, section: 1,
	comment: 2, quote: 2,
	string: 3, regexp: 3, "char.escape": 3, link: 3, code: 3, formula: 3,
	number: 4, literal: 4, symbol: 4, bullet: 4, "variable.constant": 4,
	title: 5, name: 5, "selector-id": 5, "selector-class": 5, built_in: 5,
	type: 6, "title.class": 6, class: 6,
	attr: 7, attribute: 7, property: 7, variable: 7, "template-variable": 7, "selector-attr": 7,
	"selector-pseudo": 7,
	meta: 8,
	addition: 9, deletion: 10, emphasis: 11, strong: 12,
	subst: 0,
};

function kindOf(scope, around) {
	for (let name = scope; name !== ""; name = name.slice(0, Math.max(name.lastIndexOf("."), 0)))
		if (Object.hasOwn(KINDS, name))
			return KINDS[name];
	return around;
}

// What highlight.js tells its findings (its option __emitter, of version 11). Its own makes HTML.
class Parts {
	constructor() {
		this.parts = [];
		this.open = [0];
	}

	get around() {
		return this.open[this.open.length - 1];
	}

	add(length, kind) {
		const last = this.parts.length - 2;

		if (last >= 0 && this.parts[last + 1] === kind)
			this.parts[last] += length;
		else
			this.parts.push(length, kind);
	}

	addText(text) {
		if (text.length > 0)
			this.add(text.length, this.around);
	}

	startScope(scope) {
		this.open.push(kindOf(scope, this.around));
	}

	endScope() {
		if (this.open.length > 1)
			this.open.pop();
	}

	openNode(scope) {
		this.startScope(scope);
	}

	closeNode() {
		this.endScope();
	}

	__addSublanguage(emitter) {
		for (let i = 0; i < emitter.parts.length; i += 2)
			this.add(emitter.parts[i], emitter.parts[i + 1] || this.around);
	}

	finalize() {}

	toHTML() {
		return "";
	}
}

// The addresses carry the version of the page that asks.
async function load(file) {
	return (await import(`./highlight/${file}.min.js${self.location.search}`)).default;
}

let core = null;

async function learn(language) {
	core ??= await load("core");
	core.configure({ __emitter: Parts });
	for (const name of [language, ...(WITHIN[language] ?? [])])
		if (core.getLanguage(name) === undefined)
			core.registerLanguage(name, await load(name));
}

async function partsOf(id, text, given) {
	const lower = given.toLowerCase(), language = OTHER_NAMES.get(lower) ?? lower;

	if (!LANGUAGES.has(language))
		return null;
	await learn(language);
	self.postMessage({ id, isReady: true });
	const result = core.highlight(text, { language, ignoreIllegals: true });
	return result.errorRaised === undefined ? result._emitter.parts : null;
}

self.onmessage = async ({ data }) => {
	let parts = null;

	try {
		parts = await partsOf(data.id, data.text, data.language);
	} catch {
		// a file that does not come, or a mistake of the library: the text stays as it is
	}
	self.postMessage({ id: data.id, parts });
};
