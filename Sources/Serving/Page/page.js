"use strict";

// The server's answer to GET /model, the files that were given, and the classes that are not shown.
let model = null;
const entries = [];
const hidden = new Set();

const $ = (id) => document.getElementById(id);

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Neighbouring labels get hues far from each other. All are bright, for dark text on them.
function hue(name) {
  const index = Math.max(0, model.classes.indexOf(name));
  return `hsl(${(index * 137.5 + 20) % 360} 85% 65%)`;
}

const percent = (value) => `${(value * 100).toFixed(1)} %`;
const least = () => Number($("score").value);
const isShown = (object) => object.score >= least() && !hidden.has(object.name);

async function start() {
  try {
    const answer = await fetch("/model");
    if (!answer.ok) throw new Error((await answer.json()).error);
    model = await answer.json();
  } catch (error) {
    return fail(`The server does not answer: ${error.message}`);
  }
  const network = model.detector ? `${model.detector} on ${model.backbone}` : model.backbone;
  document.title = `${network} – Vertebra`;
  $("model").textContent = `${network}, ${model.classes.length} classes`;
  $("takes").textContent =
    `${model.takes}; up to ${Math.floor(model.limits.bytes / 1048576)} MiB each`;
  $("files").accept = { detect: "image/jpeg,image/png,video/*", classify: "image/jpeg,image/png", recognize: "video/*" }[model.task];
  $("score-row").hidden = $("overlap-row").hidden = model.task !== "detect";
  if (model.task === "detect") $("overlap").value = model.nms_threshold;
  showNumbers();
  describe(network);
}

function describe(network) {
  const origin = model.origin;
  const facts = [
    ["Network", `${network}, ${(model.parameters / 1e6).toFixed(2)} million parameters`],
    ["Input", model.input], ["Weights", model.file], ["Classes", model.classes.join(", ")],
  ];
  if (origin) {
    facts.push(["Trained for", `${origin.steps} steps, ${origin.epochs} epochs`]);
    for (const [name, value] of Object.entries(origin.metrics)) facts.push([name, String(Number(value.toPrecision(4)))]);
  }
  for (const note of model.notes) facts.push(["Note", note]);
  $("facts").replaceChildren(...facts.flatMap(([name, value]) => [
    element("dt", { textContent: name }), element("dd", { textContent: value })]));
  $("recipe").textContent = origin ? origin.recipe : "";
  $("recipe").hidden = !origin;
}

function fail(message) {
  $("status").replaceChildren(element("span", { className: "error", textContent: message }));
}

function add(files) {
  if (!model) return;
  for (const file of files) {
    const entry = { file, url: URL.createObjectURL(file), found: null, error: null, round: 0 };
    entry.card = element("article", {}, element("h2", { textContent: file.name }), element("p", { className: "fact", textContent: "waiting …" }));
    entries.push(entry);
    $("results").append(entry.card);
    ask(entry);
  }
  $("controls").hidden = entries.length === 0;
}

// Two requests at a time keep the network busy, and leave room for others.
const waiting = [];
let running = 0;

function ask(entry) {
  entry.round += 1;
  waiting.push({ entry, round: entry.round });
  next();
}

async function next() {
  if (running >= 2 || waiting.length === 0) return report();
  const { entry, round } = waiting.shift();
  const isCurrent = () => entry.round === round && entries.includes(entry);
  if (!isCurrent()) return next();
  running += 1;
  report();
  try {
    const found = await send(entry.file, isCurrent);
    if (isCurrent()) Object.assign(entry, { found, error: null });
  } catch (error) {
    if (isCurrent()) Object.assign(entry, { found: null, error: error.message });
  }
  running -= 1;
  if (isCurrent()) show(entry);
  showNames();
  next();
}

async function send(file, isWanted) {
  if (file.size > model.limits.bytes) throw new Error(`${file.name}: it has more than ${Math.floor(model.limits.bytes / 1048576)} MiB, the most that this server takes`);
  const query = new URLSearchParams({ name: file.name });
  if (model.task === "detect") {
    query.set("threshold", $("score").min);
    if (Number($("overlap").value) !== model.nms_threshold) query.set("nms_threshold", $("overlap").value);
  } else {
    query.set("top", "10");
  }
  const isMedia = /^(image|video)\//.test(file.type);
  for (let attempt = 0; ; attempt++) {
    let answer;
    try {
      answer = await fetch(`/${model.task}?${query}`, {
        method: "POST", body: file, headers: { "Content-Type": isMedia ? file.type : "application/octet-stream" } });
    } catch {
      throw new Error(`${file.name}: the server does not answer; is it still running?`);
    }
    if (answer.status === 503 && attempt < 30 && isWanted()) {
      const seconds = Number(answer.headers.get("Retry-After")) || 1;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      continue;
    }
    const json = await answer.json();
    if (!answer.ok) throw new Error(json.error);
    return json[0];
  }
}

function report() {
  const left = running + waiting.length;
  const failed = entries.filter((entry) => entry.error).length;
  if (entries.length === 0) return $("status").replaceChildren();
  $("status").textContent = (left > 0 ? `${left} of ${entries.length} files to go` : `${entries.length} ${entries.length === 1 ? "file" : "files"} done`)
    + (failed ? `, ${failed} of them refused` : "");
}

function show(entry) {
  cancelAnimationFrame(entry.animation);
  const parts = [element("h2", { textContent: entry.file.name })];
  if (entry.error) {
    entry.card.replaceChildren(...parts, element("p", { className: "error", textContent: entry.error }));
    return;
  }
  const found = entry.found;
  const isVideo = found.video !== undefined;
  entry.overlay = element("div", { className: "overlay", ariaHidden: "true" });
  entry.list = element("ol", { className: found.classes ? "classes" : "objects" });
  entry.fact = element("p", { className: "fact" });
  const medium = isVideo
    ? element("video", { src: entry.url, controls: true, muted: true, loop: true })
    : element("img", { src: entry.url, alt: entry.file.name });
  const view = element("div", { className: "view" }, medium, entry.overlay);
  medium.addEventListener("error", () => {
    view.replaceChildren(element("p", { className: "fact", textContent: "The browser can't show this file; what was found in it stands below." }));
  });
  entry.medium = medium;
  entry.card.replaceChildren(...parts, view, entry.fact, entry.list);
  if (found.damage) entry.fact.before(element("p", { className: "error", textContent: `The file is damaged: ${found.damage.cause}` }));
  update(entry);
  if (isVideo && found.frames instanceof Array) follow(entry);
}

// Draws a video's boxes as it plays.
function follow(entry) {
  let last = -1;
  const draw = () => {
    const index = frameIndex(entry);
    if (index !== last || entry.isStale) {
      last = index;
      entry.isStale = false;
      update(entry);
    }
    entry.animation = requestAnimationFrame(draw);
  };
  entry.animation = requestAnimationFrame(draw);
}

// The last frame that was looked at before the moment that the video shows.
function frameIndex(entry) {
  const { frames, frameRate } = entry.found;
  const now = entry.medium.currentTime + 0.001;
  const time = (frame) => frame.time ?? frame.frame / (frameRate || 25);
  let low = 0, high = frames.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (time(frames[middle]) <= now) low = middle; else high = middle - 1;
  }
  return low;
}

function objects(entry) {
  const found = entry.found;
  if (!found) return [];
  if (found.detections) return found.detections;
  return found.frames instanceof Array ? found.frames[frameIndex(entry)]?.detections ?? [] : [];
}

function allObjects(entry) {
  const found = entry.found;
  if (!found) return [];
  return found.detections ?? (found.frames instanceof Array ? found.frames.flatMap((frame) => frame.detections) : []);
}

function update(entry) {
  const found = entry.found;
  if (!found || entry.error) return;
  if (found.classes) {
    entry.fact.textContent = found.video === undefined
      ? `${found.width} × ${found.height} pixels` : `${found.frames} frames, ${found.views} views`;
    entry.list.replaceChildren(...found.classes.map((one) => {
      const fill = element("i");
      fill.style.width = `${one.probability * 100}%`;
      return element("li", {}, element("span", { className: "name", textContent: one.name }),
        element("span", { className: "number", textContent: percent(one.probability) }),
        element("span", { className: "bar", ariaHidden: "true" }, fill));
    }));
    return;
  }
  const shown = objects(entry).filter(isShown);
  const total = allObjects(entry).filter(isShown).length;
  entry.fact.textContent = `${found.width} × ${found.height} pixels, ` + (found.frames instanceof Array
    ? `${found.frameCount} frames, ${total} objects in all, ${shown.length} now` : `${shown.length} ${shown.length === 1 ? "object" : "objects"}`);
  const boxes = shown.map((object) => {
    const [x0, y0, x1, y1] = object.box;
    const box = element("div", { className: "box" }, element("span", { textContent: `${object.name} ${object.score.toFixed(2)}` }));
    Object.assign(box.style, {
      left: `${100 * x0 / found.width}%`, top: `${100 * y0 / found.height}%`,
      width: `${100 * (x1 - x0) / found.width}%`, height: `${100 * (y1 - y0) / found.height}%` });
    box.style.setProperty("--hue", hue(object.name));
    // A name stands over its box, unless it would leave the picture there.
    box.classList.toggle("high", y0 < 0.08 * found.height);
    box.classList.toggle("right", x0 > 0.7 * found.width);
    return box;
  });
  // The best stand in front.
  entry.overlay.replaceChildren(...boxes.slice().reverse());
  entry.list.replaceChildren(...shown.map((object, index) => {
    const row = element("li", {}, element("span", { className: "name", textContent: object.name }),
      element("span", { className: "number", textContent: object.score.toFixed(2) }),
      element("span", { className: "place", textContent: object.box.map((side) => Math.round(side)).join(", "), title: "left, top, right, bottom in pixels" }));
    row.style.setProperty("--hue", hue(object.name));
    row.addEventListener("mouseenter", () => boxes[index].classList.add("strong"));
    row.addEventListener("mouseleave", () => boxes[index].classList.remove("strong"));
    return row;
  }));
}

function updateAll() {
  for (const entry of entries) { entry.isStale = true; update(entry); }
}

function showNumbers() {
  $("score-value").textContent = least().toFixed(2);
  $("overlap-value").textContent = Number($("overlap").value).toFixed(2);
}

// A button for each class that was found. Those that are there keep the keyboard's place.
function showNames() {
  const counts = new Map();
  for (const entry of entries)
    for (const object of allObjects(entry))
      if (object.score >= least()) counts.set(object.name, (counts.get(object.name) ?? 0) + 1);
  for (const name of hidden) if (!counts.has(name)) counts.set(name, 0);
  const names = [...counts.keys()].sort();
  const old = new Map([...$("names").children].map((button) => [button.dataset.name, button]));
  for (const [name, button] of old) if (!counts.has(name)) button.remove();
  names.forEach((name, index) => {
    let button = old.get(name);
    if (!button) {
      button = element("button", { type: "button" });
      button.dataset.name = name;
      button.style.setProperty("--hue", hue(name));
      button.addEventListener("click", () => {
        if (!hidden.delete(name)) hidden.add(name);
        showNames();
        updateAll();
      });
    }
    button.textContent = `${name} ${counts.get(name)}`;
    button.ariaPressed = String(!hidden.has(name));
    if ($("names").children[index] !== button) $("names").insertBefore(button, $("names").children[index] ?? null);
  });
}

// The answers as they are shown, in the form in which they came.
function shownJSON() {
  return entries.filter((entry) => entry.found).map(({ found }) => {
    if (found.detections) return { ...found, detections: found.detections.filter(isShown) };
    if (!(found.frames instanceof Array)) return found;
    return { ...found, frames: found.frames.map((frame) => ({ ...frame, detections: frame.detections.filter(isShown) })) };
  });
}

function download() {
  const url = URL.createObjectURL(new Blob([JSON.stringify(shownJSON(), null, 2) + "\n"], { type: "application/json" }));
  element("a", { href: url, download: model.task === "detect" ? "detections.json" : "classes.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function clear() {
  for (const entry of entries) {
    cancelAnimationFrame(entry.animation);
    URL.revokeObjectURL(entry.url);
  }
  entries.length = waiting.length = 0;
  hidden.clear();
  $("results").replaceChildren();
  $("controls").hidden = true;
  showNames();
  report();
  $("files").focus();
}

$("files").addEventListener("change", (event) => {
  add([...event.target.files]);
  // The same file can be chosen again.
  event.target.value = "";
});
for (const type of ["dragenter", "dragover"]) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    $("drop").classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  add([...event.dataTransfer.files]);
});
$("score").addEventListener("input", () => {
  showNumbers();
  showNames();
  updateAll();
});
$("overlap").addEventListener("input", showNumbers);
$("overlap").addEventListener("change", () => entries.forEach(ask));
$("download").addEventListener("click", download);
$("clear").addEventListener("click", clear);
start();
