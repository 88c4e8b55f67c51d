"use strict";
// Asks for the progress again and again, and shows it. All texts become text, never HTML.

const kAdamColour = "#0072b2";
const kKinds = {
  training: {heading: "Training", unit: "meta-epoch"},
  refinement: {heading: "Refinement by evolution", unit: "iteration"},
};
const kPause = 1000, kPauseAfterFailure = 3000;  // ms

const dark = matchMedia("(prefers-color-scheme: dark)");
/** In the dark some of the colours are too dim. */
const visible = (colour) => (dark.matches && colour === kAdamColour ? "#4aa8e0" : colour);

/** A number to read; a dash for one that is not finite, or not there. */
function number(x) {
  if (x === null || x === undefined) return "–";
  const size = Math.abs(x);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? x.toExponential(3) : String(Number(x.toPrecision(4)));
}

function duration(seconds) {
  const s = Math.round(seconds), two = (n) => String(n).padStart(2, "0");
  const hours = s >= 3600 ? Math.floor(s / 3600) + ":" : "";
  return hours + (hours ? two(Math.floor(s / 60) % 60) : Math.floor(s / 60)) + ":" + two(s % 60);
}

// ---- Plots ----------------------------------------------------------------------------------------------------

/** Numbers to label an axis with, some `count` of them; the powers of ten and what is between if it is logarithmic. */
function ticks(low, high, count, log) {
  if (log && high / low >= 4) {
    const digits = high / low < 32 ? [1, 1.5, 2, 3, 4, 5, 7] : high / low < 1e4 ? [1, 2, 5] : [1], found = [];
    const every = Math.ceil(Math.log10(high / low) / 8);
    for (let d = Math.floor(Math.log10(low) / every) * every; 10 ** d <= high; d += every) {
      found.push(...digits.map((digit) => digit * 10 ** d).filter((x) => x >= low && x <= high));
    }
    return found;
  }
  const rough = (high - low) / count, decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * [1, 2, 5, 10].find((digit) => digit * decade >= rough), found = [];
  for (let k = Math.ceil(low / step); k * step <= high; ++k) found.push(k * step);
  return found;
}

/** The plot of all runs of a kind, with its legend, which has the values at the cursor. */
class Chart {
  constructor(kind) {
    this.kind = kind;
    this.log = true;
    this.withTraining = true;
    const box = (text, checked, change) => {
      const input = element("input", {type: "checkbox", onchange: () => { change(input.checked); this.draw(); }});
      input.checked = checked;
      return element("label", {}, input, " ", text);
    };
    const controls = element("div", {class: "controls"}, box("logarithmic", true, (on) => { this.log = on; }));
    if (kind === "training") controls.append(box("losses of the training", true, (on) => { this.withTraining = on; }));
    this.box = element("div", {
      class: "chart", tabindex: 0, role: "group", onkeydown: (event) => this.key(event),
      onblur: () => this.plot && this.plot.setCursor({left: -10, top: -10}),
      "aria-label": `Plot of losses against the ${kKinds[kind].unit}. Arrow keys move the cursor; its values follow.`,
    });
    this.legend = element("ul", {class: "legend", "aria-label": "Curves"});
    this.cards = element("div");
    const heading = element("h2", {}, kKinds[kind].heading);
    this.section = element("section", {}, heading, controls, this.box, this.legend, this.cards);
    new ResizeObserver(() => this.plot && this.plot.setSize(this.size())).observe(this.box);
    dark.addEventListener("change", () => this.draw());
  }

  size() {
    const width = Math.max(200, this.box.clientWidth);
    return {width, height: Math.round(Math.min(420, Math.max(240, width / 2)))};
  }

  /** All curves: {name, colour (a function), width, dash, x, y, best}. */
  curves() {
    const drawn = this.runs.filter((run) => run.validation), alone = drawn.length === 1, curves = [];
    drawn.forEach((run, k) => {
      const colour = kPalette[k % kPalette.length], name = alone ? "" : run.name + ": ";
      if (this.withTraining && run.training[0].length) {
        curves.push({name: name + "training", width: 1, dash: [], x: run.training[0], y: run.training[1],
                     colour: () => (alone ? themeColour("training") : visible(colour) + "70")});
      }
      curves.push({name: name + "validation" + (run.best ? " (ring: the best)" : ""), width: 2.5, dash: [],
                   x: run.validation[0], y: run.validation[1], colour: () => visible(colour), best: run.best,
                   points: true});
      if (run.reference && run.done > 0) {
        const first = this.kind === "refinement" ? 0 : 1;
        curves.push({name: name + run.reference.text, width: 2, dash: [6, 5], x: [first, Math.max(run.done, first + 1)],
                     y: [run.reference.loss, run.reference.loss], constant: true,
                     colour: () => visible(alone ? kAdamColour : colour)});
      }
    });
    return curves;
  }

  show(runs) {
    const text = JSON.stringify(runs.map(({age, ...rest}) => rest));
    if (text === this.text) return;
    this.text = text;
    this.runs = runs;
    this.draw();
  }

  draw() {
    if (!this.runs) return;
    const curves = this.shown = this.curves(), at = this.at === undefined ? null : this.at;
    if (this.plot) this.plot.destroy();
    this.plot = null;
    this.box.hidden = curves.length === 0;
    this.values = curves.map(() => element("output"));
    const item = (curve, k) => element("li", {}, swatch(curve), curve.name, this.values[k]);
    this.legend.replaceChildren(...curves.map(item));
    if (curves.length === 0) return;
    const clean = (y) => y.map((v) => (v === null || (this.log && v <= 0) ? null : v));
    const data = uPlot.join(curves.map(({x, y}) => [x, clean(y)]));
    this.x = data[0];
    const axis = {
      stroke: themeColour("ink"), font: "12px sans-serif", labelFont: "13px sans-serif", labelSize: 20, labelGap: 0,
      grid: {stroke: themeColour("line"), width: 1}, ticks: {stroke: themeColour("line"), width: 1, size: 4},
      filter: (u, found) => found, values: (u, found) => found.map(number),
    };
    this.plot = new uPlot({
      ...this.size(), legend: {show: false}, padding: [10, 14, 0, 0], cursor: {y: false, points: {size: 7}},
      series: [{}, ...curves.map((curve) => ({
        stroke: curve.colour(), width: curve.width, dash: curve.dash, spanGaps: true,
        points: {show: curve.points || false, size: 6, fill: curve.colour(), stroke: curve.colour()},
      }))],
      scales: {x: {time: false}, y: {distr: this.log ? 3 : 1, range: (u, low, high) => this.range(low, high)}},
      axes: [
        {...axis, label: kKinds[this.kind].unit, size: 26,
         splits: (u, k, low, high) => ticks(low, high, u.width / 100, false)},
        {...axis, label: this.label(), splits: (u, k, low, high) => ticks(low, high, 5, this.log),
         size: (u, texts) => 14 + 7 * Math.max(3, ...(texts || []).map((text) => text.length))},
      ],
      hooks: {setCursor: [(u) => this.tell(u.cursor.idx)], draw: [(u) => this.mark(u)]},
    }, data, this.box);
    if (at !== null && document.activeElement === this.box) this.point(at);
  }

  label() {
    const labels = new Set(this.runs.filter((run) => run.validation).map((run) => run.loss));
    return labels.size === 1 ? [...labels][0] : "loss at the last step";
  }

  range(low, high) {
    if (low === null || low === undefined) return this.log ? [1, 10] : [0, 1];
    const margin = this.log ? Math.max((high / low) ** 0.04, 1.01) : (high - low) / 25 || Math.abs(low) / 10 || 1;
    return this.log ? [low / margin, high * margin] : [low - margin, high + margin];
  }

  /** Rings around the best validations. */
  mark(u) {
    const {ctx, bbox} = u, ratio = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width + 8 * ratio, bbox.height);
    ctx.clip();
    ctx.strokeStyle = themeColour("ink");
    ctx.lineWidth = 2 * ratio;
    ctx.setLineDash([]);
    for (const {best} of this.shown) {
      if (!best || (this.log && best.loss <= 0)) continue;
      ctx.beginPath();
      ctx.arc(u.valToPos(best.at, "x", true), u.valToPos(best.loss, "y", true), 7 * ratio, 0, 2 * Math.PI);
      ctx.stroke();
    }
    ctx.restore();
  }

  /** The values at the k-th x, of each curve the latest one before it; without a cursor the last ones. */
  tell(k) {
    this.at = k;
    const x = k === null || k === undefined ? Infinity : this.x[k];
    this.shown.forEach((curve, c) => {
      const found = curve.constant ? 0 : curve.x.findLastIndex((v) => v <= x);
      const where = curve.constant || found < 0 ? "" : ` (${kKinds[this.kind].unit} ${curve.x[found]})`;
      this.values[c].textContent = found < 0 ? "–" : number(curve.y[found]) + where;
    });
  }

  point(k) {
    this.plot.setCursor({left: this.plot.valToPos(this.x[k], "x"), top: this.plot.over.clientHeight / 2});
  }

  key(event) {
    if (!this.plot || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = this.x.length - 1, step = event.shiftKey ? 10 : 1;
    const none = this.at === null || this.at === undefined;
    const places = {ArrowLeft: none ? last : this.at - step, ArrowRight: none ? 0 : this.at + step, Home: 0, End: last};
    const to = places[event.key];
    if (to === undefined) return;
    this.point(Math.min(last, Math.max(0, to)));
    event.preventDefault();
  }
}

/** A piece of a curve's line, for the legend. */
function swatch(curve) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const set = (made, values) => Object.entries(values).forEach(([name, value]) => made.setAttribute(name, value));
  set(svg, {width: 30, height: 10, "aria-hidden": "true"});
  set(line, {d: "M0 5H30", stroke: curve.colour(), "stroke-width": curve.width});
  set(line, {"stroke-dasharray": curve.dash.join(" ")});
  svg.append(line);
  return svg;
}

// ---- Runs -----------------------------------------------------------------------------------------------------

const seen = new Map();  // of each run: when it had written how much, at first and now

/** Its pace since the page was opened: units a second, or null as long as it is not known. */
function pace(key, run) {
  const now = {done: run.done, written: run.written}, first = seen.get(key);
  if (!first || first.done > now.done) seen.set(key, now);
  else if (now.done > first.done && now.written > first.written) {
    return (now.done - first.done) / (now.written - first.written);
  }
  return null;
}

function card(run) {
  const made = element("article", {class: "run"}, element("h3", {}, run.name));
  if (run.of) made.append(element("p", {class: "faint"}, run.of));
  if (run.message) made.append(element("p", {class: "failed"}, run.message));
  if (!run.validation) return made;
  const unit = kKinds[run.kind].unit, speed = pace(run.kind + run.name, run), over = run.done >= run.total;
  let state = `${unit} ${run.done} of ${run.total}`;
  if (over) state += ": done";
  else {
    if (speed) state += `, ${number(speed)} a second, ${duration((run.total - run.done) / speed)} left`;
    state += `; written ${duration(run.age)} ago`;
  }
  made.append(element("progress", {max: run.total, value: run.done, "aria-label": `${run.name}: ${unit}s done`}),
              element("p", {}, state));
  const values = element("dl");
  const add = (name, value) => values.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  const losses = run.validation[1], best = run.best;
  add("last validation", number(losses[losses.length - 1]));
  if (best) add(`best, of ${unit} ${best.at}`, number(best.loss));
  if (run.reference) add(run.reference.text, number(run.reference.loss));
  if (best && run.reference && run.reference.loss > 0 && best.loss > 0) {
    add("best / ADAM", number(best.loss / run.reference.loss));
  }
  made.append(values);
  if (run.note) made.append(element("p", {class: "faint"}, run.note));
  return made;
}

const charts = {};

function show(runs) {
  for (const kind of Object.keys(kKinds)) {
    const ofKind = runs.filter((run) => run.kind === kind);
    if (ofKind.length === 0 && !charts[kind]) continue;
    if (!charts[kind]) {
      charts[kind] = new Chart(kind);
      document.getElementById("charts").append(charts[kind].section);
    }
    charts[kind].section.hidden = ofKind.length === 0;
    charts[kind].cards.replaceChildren(...ofKind.map(card));
    charts[kind].show(ofKind);
  }
  const first = runs.find((run) => run.validation);
  document.title = first ? `${first.done}/${first.total} ${first.name}` : "l2l watch";
}

function tellConnection(text, failed) {
  const place = document.getElementById("connection");
  if (place.textContent !== text) place.textContent = text;  // read aloud only when it changes
  place.className = failed ? "failed" : "";
}

async function poll() {
  let pause = kPause;
  try {
    const answer = await fetch("progress.json", {cache: "no-store"});
    if (!answer.ok) throw new Error(String(answer.status));
    show((await answer.json()).runs);
    tellConnection("Live", false);
  } catch (error) {
    pause = kPauseAfterFailure;
    tellConnection("No answer: l2l watch has ended. What is shown is the last that was heard.", true);
  }
  setTimeout(poll, pause);
}

poll();
