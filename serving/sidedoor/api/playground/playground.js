// The playground: reads the form, asks the API, shows the analysis. No library, nothing stored.

const EXAMPLES = [
  { name: "Invitation with a number", surface: "inbox", sender: "seller",
    text: "Way easier if you just text me, 0776 412 98 35. Saves us both the fee." },
  { name: "Refusal that names the rule", surface: "inbox", sender: "seller",
    context: [{ sender: "buyer", text: "Could you send me your WhatsApp?" }],
    text: "Sorry, chatting elsewhere is not allowed here. Everything has to stay in this inbox." },
  { name: "Number that the work prints", surface: "order", sender: "buyer",
    context: [{ sender: "seller", text: "Which phone number shall I print on the flyer?" }],
    text: "0776 412 98 35, in the same green as the logo please." },
  { name: "The same number, asked for otherwise", surface: "inbox", sender: "buyer",
    context: [{ sender: "seller", text: "Where can I ring you without the site listening in?" }],
    text: "0776 412 98 35, after six is best." },
  { name: "Disguised address", surface: "inbox", sender: "buyer",
    text: "drop me a line: mira dot okafor at g mail dot com 😉 we'll sort the price there" },
  { name: "Rule and invitation at once", surface: "inbox", sender: "seller",
    text: "They don't like it when we swap contacts, but I'm @mira.draws on Insta if you want to save the fee." },
  { name: "Login for the site to be mended", surface: "requirements", sender: "buyer",
    text: "Admin page: shop.okafor-tea.example/admin, user mira, password Tulip!2290. The cart breaks on phones." },
  { name: "Everyday message", surface: "order", sender: "seller",
    text: "Thank you! The first draft is ready on Thursday, and two rounds of changes are included." },
];
const MAX_TURNS = 3;
const MAX_TEXT = 20000;
const PAUSE_MS = 400;

const byId = (id) => document.getElementById(id);
const form = byId("form");
const thresholds = new Map();
let running = new AbortController();
let timer = 0;
let shown = null;
let chosenIntent = null;

start();

function start() {
  for (const [index, example] of EXAMPLES.entries()) {
    byId("example").append(new Option(example.name, String(index)));
  }
  byId("example").addEventListener("change", pickExample);
  byId("add").addEventListener("click", () => addTurn().querySelector("input").focus());
  byId("copy").addEventListener("click", copyCurl);
  form.addEventListener("submit", (event) => { event.preventDefault(); analyseAndReveal(); });
  form.addEventListener("input", (event) => { if (event.target.id !== "example") later(); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); analyseAndReveal(); }
  });
  byId("intents").addEventListener("change", (event) => {
    chosenIntent = event.target.value;
    showEvidence();
  });
  countCharacters();
  loadModel().catch(showFailure);
}

async function loadModel() {
  const model = await ask("v1/model", {});
  for (const intent of model.intents) thresholds.set(intent.name, intent.threshold);
  byId("model").textContent = `Model ${model.name}, ${model.base_model}, SHA-256 ${model.model_sha256.slice(0, 12)}`;
}

function pickExample() {
  const example = EXAMPLES[Number(byId("example").value)];
  if (byId("example").value === "" || !example) return;
  byId("text").value = example.text;
  byId("surface").value = example.surface;
  byId("sender").value = example.sender;
  byId("turns").replaceChildren();
  for (const turn of example.context ?? []) addTurn(turn);
  byId("add").hidden = byId("turns").children.length >= MAX_TURNS;
  analyseAndReveal();
}

// Where the result stands under the form, on a phone, it comes into sight.
async function analyseAndReveal() {
  await analyse();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (byId("answer").getBoundingClientRect().top > innerHeight * 0.7) {
    byId("answer").scrollIntoView({ behavior: calm ? "auto" : "smooth" });
  }
}

function addTurn(turn = { sender: "", text: "" }) {
  const sender = element("select", { ariaLabel: "Written by" });
  for (const side of ["", "buyer", "seller"]) sender.append(new Option(side || "unknown", side));
  sender.value = turn.sender;
  const text = element("input", { ariaLabel: "Earlier message", value: turn.text, autocomplete: "off" });
  const remove = element("button", { type: "button", className: "quiet", textContent: "Remove" });
  const row = element("li");
  row.append(sender, text, remove);
  remove.addEventListener("click", () => {
    row.remove();
    byId("add").hidden = false;
    byId("add").focus();
    later();
  });
  byId("turns").append(row);
  byId("add").hidden = byId("turns").children.length >= MAX_TURNS;
  return row;
}

function message() {
  const turns = [...byId("turns").children].map((row) => ({
    sender: row.querySelector("select").value || null,
    text: row.querySelector("input").value,
  }));
  return {
    text: byId("text").value,
    surface: byId("surface").value || null,
    sender: byId("sender").value || null,
    context: turns.filter((turn) => turn.text),
  };
}

function later() {
  countCharacters();
  clearTimeout(timer);
  timer = setTimeout(analyse, PAUSE_MS);
}

async function analyse() {
  clearTimeout(timer);
  countCharacters();
  running.abort();
  running = new AbortController();
  const sent = message();
  if (!sent.text) return showNothing();
  try {
    if (!thresholds.size) await loadModel();
    const body = JSON.stringify(sent);
    const started = performance.now();
    const { answer, serverMs } = await post(body, running.signal);
    show(sent, answer, serverMs ?? performance.now() - started);
  } catch (error) {
    if (error.name !== "AbortError") showFailure(error);
  }
}

async function post(body, signal) {
  let serverMs;
  const answer = await ask("v1/analyze?offsets=utf16", {
    method: "POST", body, signal, headers: { "Content-Type": "application/json" },
  }, (response) => {
    const duration = /dur=([\d.]+)/.exec(response.headers.get("Server-Timing") ?? "");
    serverMs = duration ? Number(duration[1]) : undefined;
  });
  return { answer, serverMs };
}

async function ask(path, options, inspect = () => {}) {
  const key = byId("key").value;
  const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  const response = await fetch(path, { ...options, headers });
  inspect(response);
  const answer = await response.json();
  if (response.ok) return answer;
  if (response.status === 401) byId("key-field").hidden = false;
  throw new Error(`${answer.detail} (request ${answer.request_id})`);
}

function show(sent, answer, ms) {
  shown = { sent, answer };
  byId("problem").hidden = true;
  byId("empty").hidden = true;
  byId("result").hidden = false;
  byId("decision").dataset.action = answer.action;
  byId("action").textContent = answer.action;
  byId("rule").textContent = answer.rule;
  byId("reason").textContent = answer.reason;
  byId("ms").textContent = `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  byId("json").textContent = JSON.stringify(answer, null, 2);
  byId("curl").textContent = curl(sent);
  byId("copy").textContent = "Copy";
  showIntents(answer);
  showSpans(answer);
  showEvidence();
}

function showIntents(answer) {
  const names = Object.keys(answer.intents);
  if (!names.includes(chosenIntent) || !byId("intents").contains(document.activeElement)) {
    chosenIntent = names.reduce((best, name) => (answer.intents[name] > answer.intents[best] ? name : best));
  }
  const focused = byId("intents").contains(document.activeElement);
  byId("intents").replaceChildren(...names.map((name) => intentRow(name, answer)));
  if (focused) byId("intents").querySelector("input:checked").focus();
}

function intentRow(name, answer) {
  const score = answer.intents[name];
  const threshold = thresholds.get(name) ?? 0.5;
  const row = element("label", { className: answer.labels.includes(name) ? "intent present" : "intent" });
  const choice = element("input", { type: "radio", name: "intent", value: name, checked: name === chosenIntent });
  choice.ariaLabel = `${name}: ${percent(score)}, threshold ${percent(threshold)}`;
  const bar = element("span", { className: "bar" });
  bar.style.setProperty("--score", score);
  bar.style.setProperty("--threshold", threshold);
  const mark = element("span", { className: "threshold", title: `threshold ${percent(threshold)}` });
  bar.append(element("span", { className: "fill" }), mark);
  row.append(
    choice,
    element("span", { className: "name", textContent: name }),
    element("span", { className: "score", textContent: percent(score) }),
    bar,
  );
  return row;
}

function showSpans(answer) {
  const rows = answer.pii.map((span) => {
    const row = element("tr");
    row.append(...[span.type, span.text, percent(span.score)].map((text) => element("td", { textContent: text })));
    return row;
  });
  byId("pii").hidden = rows.length === 0;
  byId("pii").tBodies[0].replaceChildren(...rows);
}

// The text, cut wherever a span or a word of evidence begins or ends.
function showEvidence() {
  const { sent, answer } = shown;
  const words = answer.evidence[chosenIntent] ?? [];
  const strongest = Math.max(...words.map((word) => word.weight), 0);
  const parts = [{ start: 0, end: sent.text.length, span: null }];
  byId("shown").textContent = chosenIntent;
  for (const span of answer.pii) splitAt(parts, span);
  byId("marked").replaceChildren(...parts.map((part) => {
    const inner = pieces(sent.text, part, words, strongest);
    if (!part.span) return group("span", inner);
    const marked = group("mark", inner);
    marked.dataset.type = part.span.type;
    marked.title = `${part.span.type}, ${percent(part.span.score)}`;
    return marked;
  }));
}

function splitAt(parts, span) {
  const last = parts.pop();
  if (span.start > last.start) parts.push({ start: last.start, end: span.start, span: null });
  parts.push({ start: span.start, end: span.end, span });
  if (span.end < last.end) parts.push({ start: span.end, end: last.end, span: null });
}

function pieces(text, part, words, strongest) {
  const inside = words
    .map((word) => ({ ...word, start: Math.max(word.start, part.start), end: Math.min(word.end, part.end) }))
    .filter((word) => word.start < word.end)
    .sort((a, b) => a.start - b.start);
  const nodes = [];
  let position = part.start;
  for (const word of inside) {
    nodes.push(text.slice(position, word.start));
    const node = element("span", { className: "word", textContent: text.slice(word.start, word.end) });
    node.style.setProperty("--strength", (word.weight / strongest).toFixed(3));
    node.title = `+${word.weight}`;
    nodes.push(node);
    position = word.end;
  }
  nodes.push(text.slice(position, part.end));
  return nodes;
}

function showNothing() {
  byId("problem").hidden = true;
  byId("result").hidden = true;
  byId("empty").hidden = false;
}

function showFailure(error) {
  byId("problem").textContent = error.message;
  byId("problem").hidden = false;
}

function countCharacters() {
  const count = [...byId("text").value].length;
  byId("count").textContent = `${count.toLocaleString("en")} of ${MAX_TEXT.toLocaleString("en")}`;
}

function curl(sent) {
  const body = JSON.stringify(sent).replaceAll("'", "'\\''");
  const key = byId("key").value ? ' \\\n  -H "Authorization: Bearer $KEY"' : "";
  return `curl ${new URL("v1/analyze", location.href)} \\\n  -H 'Content-Type: application/json'${key} \\\n  -d '${body}'`;
}

async function copyCurl() {
  try {
    await navigator.clipboard.writeText(byId("curl").textContent);
    byId("copy").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(byId("curl"));
    byId("copy").textContent = "Marked: press Ctrl + C";
  }
}

function group(tag, nodes) {
  const node = element(tag);
  node.append(...nodes);
  return node;
}

function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

function percent(score) {
  return `${(100 * score).toFixed(score > 0.1 && score < 0.995 ? 0 : 1)} %`;
}
