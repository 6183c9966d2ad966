"use strict";
// Draws one card at a time from the data in this file. Text goes in as text, never as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const [search, sort, domain, list, count, card] = ["search", "sort", "domain", "list", "count", "card"].map(id => document.getElementById(id));
const SHOWN = {"\n": "\u23ce", "\r": "\u240d", "\t": "\u21e5"};
const visible = text => text.replace(/[\n\r\t]/g, c => SHOWN[c]);
const spaced = text => visible(text).replaceAll(" ", "\u2423");
const signed = (value, digits) => (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(digits);
const percent = (value, digits) => (100 * value).toFixed(digits) + " %";

function make(tag, text = "", ...children) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}
function table(head, rows) {
  const top = make("tr", "", ...head.map(word => make("th", word)));
  return make("table", "", top, ...rows.map(row => make("tr", "", ...row.map(cell => {
    const td = make("td");
    td.append(cell);
    return td;
  }))));
}
function block(title, ...body) { return make("section", "", make("h3", title), ...body); }

function histogram(unit) {
  const total = unit.counts.reduce((a, b) => a + b, 0);
  if (!total) return make("p", "It is on nowhere in this text.");
  const heights = unit.counts.map(n => n ? Math.floor(Math.log2(n)) + 1 : 0), top = Math.max(...heights), step = 200 / heights.length;
  const space = "http" + "://www.w3.org/2000/svg";  // a name, not an address: nothing is fetched
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 200 66");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", unit.words);
  heights.forEach((height, i) => {
    const bar = document.createElementNS(space, "rect");
    for (const [name, value] of [["x", i * step], ["y", 62 - 60 * height / top], ["width", step - 1], ["height", 60 * height / top]]) bar.setAttribute(name, value.toFixed(1));
    svg.append(bar);
  });
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", "M0 63H200");
  svg.append(line);
  return make("div", "", svg, make("small", unit.words));
}
function colour(share) { return "rgb(" + [230, 159, 0].map(part => Math.round(255 - share * (255 - part))).join(",") + ")"; }
function text([where, tokens, places, values], high) {
  const box = make("div");
  box.className = "text";
  const amounts = new Map(places.map((place, i) => [place, values[i]]));
  let best = 0, word = "";
  tokens.forEach((token, place) => {
    const shown = visible(data.strings[token]), value = amounts.get(place) || 0;
    if (!value) { box.append(shown); return; }
    const span = make("span", shown), share = Math.min(1, value / high);
    span.style.backgroundColor = colour(share);
    span.title = String(value);
    if (share >= 0.5) span.className = "strong";
    box.append(span);
    if (value > best) [best, word] = [value, shown];
  });
  box.append(make("small", data.domains[where] + ": " + (best ? `highest ${best} at "${word}"` : "zero on every token")));
  return box;
}
function weights(pairs) { return table(["token", "weight"], pairs.map(([token, weight]) => [make("code", spaced(data.strings[token])), signed(weight, 2)])); }
function links(pairs, name, value) { return table([name, value], pairs.map(([unit, weight]) => [String(unit), signed(weight, 2)])); }

function draw(unit) {
  const says = [`On for ${percent(unit.density, 3)} of the tokens; at most ${unit.peak}.`];
  if (unit.effect) says.push(`Without it the next token's loss changes by ${signed(unit.effect[0], 3)} nats where it is on (mean of ${unit.effect[2]} places), by ${signed(unit.effect[1], 3)} where it is strongest.`);
  if (unit.twin) says.push(`Its twin is number ${unit.twin[0]} of ${data.twin}, correlation ${unit.twin[1].toFixed(2)}.`);
  const facts = make("div", "",
    block("How strongly it is on", histogram(unit)),
    block("Where it is on", table(["domain", "share", "precision", "recall"], unit.domains.map(([d, share, precision, recall]) => [data.domains[d], percent(share, 0), precision.toFixed(2), recall.toFixed(2)]))),
    block("Likelier next tokens", weights(unit.up)), block("Less likely next tokens", weights(unit.down)));
  facts.className = "facts";
  if (unit.neurons.length) facts.append(block("Neurons it is made of", links(unit.neurons, "neuron", "weight")));
  if (unit.children.length) facts.append(block("Its children in " + data.wider, links(unit.children, "feature", "cosine")));
  const kind = data.kind[0].toUpperCase() + data.kind.slice(1);
  const texts = (from, to) => unit.groups.slice(from, to).flatMap(([title, high, excerpts]) => [make("h3", title), ...excerpts.map(e => text(e, high))]);
  card.replaceChildren(make("h2", `${kind} ${unit.unit} of ${data.name}`), ...says.map(s => make("p", s)), ...texts(0, 1), facts, ...texts(1));
}

const orders = {
  "domain score": u => domain.value === "" ? u.best[1] : u.scores[domain.value] || 0,
  "density": u => u.density,
  "number": u => -u.unit,
};
if (data.twin) orders["correlation"] = u => u.twin ? u.twin[1] : -2;
if (data.units.some(u => u.effect)) orders["effect"] = u => u.effect ? u.effect[0] : -99;
for (const name of Object.keys(orders)) sort.append(new Option(name, name));
domain.append(new Option("any", ""));
data.domains.forEach((name, i) => domain.append(new Option(name, i)));

let words = null;  // what a search looks through, made at the first search
function matching(wanted) {
  if (!wanted) return data.units;
  words ||= data.units.map(u => [u.unit, u.domains.map(d => data.domains[d[0]]), ...[...u.up, ...u.groups.slice(0, 1).flatMap(g => g[2].map(e => [e[4]]))].map(p => data.strings[p[0]])].flat().join("\n").toLowerCase());
  return data.units.filter((_, i) => words[i].includes(wanted));
}
function line(u) {
  if (!u.density) return `${u.unit}: never on`;
  return `${u.unit}: ${data.domains[u.best[0]]} ${u.best[1].toFixed(2)}, on ${percent(u.density, 2)}` + (u.twin ? `, twin ${u.twin[1].toFixed(2)}` : "");
}
const byNumber = new Map(data.units.map(u => [String(u.unit), u]));
function refill() {
  const chosen = list.value, found = matching(search.value.trim().toLowerCase());
  const key = orders[sort.value], keys = new Map(found.map(u => [u, key(u)]));
  const sorted = [...found].sort((a, b) => keys.get(b) - keys.get(a) || a.unit - b.unit);
  list.replaceChildren(...sorted.map(u => new Option(line(u), u.unit)));
  count.textContent = `${sorted.length.toLocaleString("en")} of ${data.units.length.toLocaleString("en")} ${data.kind}s`;
  if (!sorted.length) { card.replaceChildren(make("p", "None of them has that among its strongest tokens, its likelier next tokens or its domains.")); return; }
  list.value = sorted.some(u => String(u.unit) === chosen) ? chosen : sorted[0].unit;
  draw(byNumber.get(list.value));
}
list.addEventListener("change", () => draw(byNumber.get(list.value)));
for (const control of [search, sort, domain]) control.addEventListener("input", refill);
document.getElementById("controls").addEventListener("submit", event => event.preventDefault());
refill();
