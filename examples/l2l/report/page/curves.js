"use strict";
// Curves of mean losses: comparisons of optimizers, and trainings.

/** The mark of the k-th run that is overlaid. */
const glyphOf = (k) => ["●", "▲", "■", "◆", "▼", "★"][(k - 1) % 6];

/**
 * The curves of `own`, with those of `others` to be overlaid. Each is
 *   {title, curves: [{name, text, mean, sem, difference, difference_sem}], trained_steps}
 * with a number for each step from `first`; only mean is always there. `words`: {x, y}, names of the axes.
 */
function curvesPlot(parent, own, others, words, first) {
  const state = {hidden: new Set(), paired: false, log: true};
  const overlaid = new Set();
  const canPair = own.curves.some((curve) => curve.difference);
  let sets, rows, legend, x;

  const chart = new Chart(parent, {title: own.title, xLabel: words.x, yLabel: words.y, onCursor: (k) => readOut(k)});
  const below = element("div");
  const axis = choice("Axis", {log: "logarithmic", linear: "linear"}, "log", (value) => {
    state.log = value === "log";
    draw();
  });
  const controls = element("div", {class: "controls"}, axis);
  if (canPair) {
    const views = {loss: "losses", paired: "differences to the learned optimizer"};
    controls.prepend(choice("Show", views, "loss", (value) => {
      state.paired = value === "paired";
      arrange();
    }));
  }
  parent.prepend(controls);
  parent.append(below);
  if (others.length > 0) {
    const box = (other) => toggle(other.title, false, (on) => {
      if (on) overlaid.add(other);
      else overlaid.delete(other);
      arrange();
    });
    parent.append(element("details", {}, element("summary", {}, "Overlay others"),
                          element("div", {}, ...others.map(box))));
  }

  /** What is drawn of a curve. */
  const seen = (curve) => state.paired ? {y: curve.difference, error: curve.difference_sem}
                                       : {y: curve.mean, error: curve.sem};

  /** Sets of curves and the legend, when others are overlaid or something else of them is shown. */
  function arrange() {
    sets = [own, ...others.filter((other) => overlaid.has(other))];
    rows = [];
    for (const set of sets) {
      for (const {name, text} of set.curves) {
        if (state.paired && name === "lstm") continue;  // 0
        if (rows.some((row) => row.name === name)) continue;
        const label = sets.length > 1 ? name : text;  // the text has the rate, which is of one set
        rows.push({name, text: label, line: lineOf(name, rows.length)});
      }
    }
    const steps = Math.max(...sets.map((set) => set.curves[0].mean.length));
    x = Array.from({length: steps}, (_, k) => first + k);
    const what = state.paired ? "difference" : words.y;
    const titles = sets.length === 1 ? [what]
                                     : sets.map((set, k) => (k === 0 ? "" : glyphOf(k) + " ") + set.title);
    legend = new Legend(rows, titles, state.hidden, draw);
    below.replaceChildren(legend.table);
    draw();
    readOut(null);
  }

  function draw() {
    const curves = [], log = state.log;
    sets.forEach((set, k) => {
      for (const {name, line} of rows) {
        const curve = set.curves.find((one) => one.name === name);
        if (!curve || state.hidden.has(name)) continue;
        const {y, error} = seen(curve);
        if (!y) continue;
        const full = (values) => x.map((_, t) => values(t) ?? null);
        const side = (sign) => full((t) => {
          if (y[t] === null || y[t] === undefined) return null;
          const value = y[t] + sign * (error[t] ?? 0);
          return log && !state.paired ? Math.max(value, y[t] / 100) : value;  // a logarithmic axis has no room for less
        });
        const band = error && k === 0;
        curves.push({
          y: full((t) => y[t]), low: band ? side(-1) : null, high: band ? side(1) : null,
          line: k === 0 ? line : {...line, width: line.width / 2}, glyph: k === 0 ? null : glyphOf(k),
        });
      }
    });
    curves.reverse();  // the first is on top
    const marks = own.trained_steps && own.trained_steps < x.length - 1
      ? [{x: own.trained_steps, text: `trained for ${own.trained_steps} steps`}] : [];
    // Without a limit, an optimizer that diverges would squeeze the others into a line at the bottom.
    const starts = sets.map((set) => set.curves[0].mean.find((v) => v !== null) ?? 0);
    const scale = state.paired ? {least: smallDifference(), yLabel: "loss - the learned optimizer's"}
                               : {top: 4 * Math.max(...starts), yLabel: words.y};
    chart.show({x, curves, log, marks, ...scale});
  }

  /** A difference that is no more than its error: the median of these errors. */
  function smallDifference() {
    const errors = own.curves.flatMap((curve) => curve.difference_sem ?? []).filter((v) => v > 0).sort((a, b) => a - b);
    return errors[errors.length >> 1] ?? 1e-3;
  }

  /** Numbers at the k-th step; null: at the last one of each. */
  function readOut(k) {
    if (!legend) return;
    const text = (set, name) => {
      const curve = set.curves.find((one) => one.name === name), {y, error} = curve ? seen(curve) : {};
      if (!y) return "";
      const t = k ?? y.findLastIndex((v) => v !== null);
      return t < 0 || t >= y.length ? "" : withError(y[t], error && error[t]);
    };
    legend.fill(k === null ? `last ${words.x}` : `${words.x} ${x[k]}`,
                rows.map(({name}) => sets.map((set) => text(set, name))));
  }

  arrange();
}

/** A comparison of optimizers on the same functions. */
function comparisonPlot(parent, comparison, all) {
  curvesPlot(parent, comparison, all.filter((other) => other !== comparison), {x: "step", y: "loss"}, 0);
}

/** The training of a run. */
function trainingPlot(parent, training, all) {
  curvesPlot(parent, training, all.filter((other) => other !== training), {x: "meta-epoch", y: "loss"}, 1);
}

/** What an optimizer sees of a gradient. */
function featuresPlot(parent, features) {
  const hidden = new Set(), rows = features.titles.map((text, k) => ({name: text, text, line: lineOf(text, k)}));
  const x = features.gradient;
  const readOut = (k) => legend.fill(k === null ? "gradient" : "gradient " + number(x[k]),
                                     features.values.map((y) => [k === null ? "" : number(y[k])]));
  const chart = new Chart(parent, {title: "features of a gradient", xLabel: "gradient", yLabel: "feature",
                                   onCursor: readOut});
  const draw = () => chart.show({
    x, gradients: true, marks: features.marks.map((v) => ({x: v, text: number(v, 2)})),
    curves: rows.map(({name, line}, k) => ({y: features.values[k], line, name})).filter((c) => !hidden.has(c.name)),
  });
  const legend = new Legend(rows, ["feature"], hidden, draw);
  parent.append(legend.table);
  readOut(null);
  draw();
}
