"use strict";
// What all plots have in common: numbers, lines, and Chart, a plot by uPlot.

/** A number to read. null: it is not finite, or not known. */
function number(x, digits = 4) {
  if (x === null || x === undefined) return "–";
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return String(Number(x.toPrecision(digits)).toExponential());
  return String(Number(x.toPrecision(digits)));
}

const withError = (mean, error) => number(mean) + ((error ?? null) === null ? "" : " ± " + number(error, 2));

// ---- Colours and dashes ---------------------------------------------------------------------------------------

const kDashes = {lstm: [], sgd: [2, 3], nag: [10, 4], rmsprop: [10, 3, 2, 3], adam: [5, 3]};
const kOtherDashes = [[], [5, 3], [10, 4], [10, 3, 2, 3], [2, 3], [14, 3, 5, 3]];

/** Whether the page is dark now. */
const isDark = () => {
  const forced = document.documentElement.style.colorScheme;
  return forced ? forced === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

/** How an optimizer is drawn wherever it is. Others get what is next: the k-th of their plot. */
function lineOf(name, k = 0) {
  const colour = page.colours[name] || kPalette[k % kPalette.length];
  return {
    swatch: colour === "#000000" ? "currentColor" : colour,
    colour: () => (colour === "#000000" && isDark() ? "#e2e2e2" : colour),  // black would not be seen
    dash: kDashes[name] || kOtherDashes[k % kOtherDashes.length],
    width: name === "lstm" ? 3 : 2,
  };
}

/** A piece of such a line, for a legend. */
function swatch(line) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("width", 36);
  svg.setAttribute("height", 10);
  svg.setAttribute("aria-hidden", "true");
  const stroke = document.createElementNS("http://www.w3.org/2000/svg", "path");
  stroke.setAttribute("d", "M0 5H36");
  stroke.setAttribute("stroke", line.swatch);
  stroke.setAttribute("stroke-width", line.width);
  stroke.setAttribute("stroke-dasharray", line.dash.join(" "));
  svg.append(stroke);
  return svg;
}

// ---- Axes -----------------------------------------------------------------------------------------------------

/** Round numbers from low to high, some `count` of them. */
function linearTicks(low, high, count = 5) {
  const rough = (high - low) / count, decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * [1, 2, 5, 10].find((digit) => digit * decade >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high; ++k) ticks.push(k * step);
  return ticks;
}

/** The same for a logarithmic axis: the shorter it is, the more numbers of each decade. */
function logTicks(low, high) {
  const span = high / low;
  if (span < 4) return linearTicks(low, high);
  const digits = span < 32 ? [1, 1.5, 2, 3, 4, 5, 7] : span < 1e4 ? [1, 2, 5] : [1];
  const every = Math.ceil(Math.log10(span) / 8), ticks = [];
  for (let d = Math.floor(Math.log10(low) / every) * every; 10 ** d <= high; d += every) {
    ticks.push(...digits.map((digit) => digit * 10 ** d).filter((x) => x >= low && x <= high));
  }
  return ticks;
}

/** Ticks of an axis that is logarithmic on both sides of 0, and linear between -least and least. */
function symmetricTicks(low, high, least) {
  const largest = Math.max(-low, high), sizes = largest > least ? logTicks(least, largest) : [];
  const few = sizes.length < 7 ? sizes : sizes.filter((v) => /^1/.test(v.toExponential(0)));
  return [...few.map((v) => -v).reverse(), 0, ...few].filter((v) => v >= low && v <= high);
}

const kSmallestGradient = 1e-8;  // where an axis of gradients goes over from decades to 0

/** Every second or fourth power of ten on both sides of 0. */
function gradientTicks(low, high, width) {
  const every = width < 500 ? 4 : 2, ticks = [0];
  for (let d = Math.log10(kSmallestGradient) + every; d <= 6; d += every) ticks.push(10 ** d, -(10 ** d));
  return ticks.filter((x) => x >= low && x <= high).sort((a, b) => a - b);
}

// ---- Chart ----------------------------------------------------------------------------------------------------

const charts = [];  // all of the page: drawn anew when its colours change

/**
 * A plot in the element `parent`. `show` draws a content, again and again:
 *   x            ascending numbers
 *   curves       {y, low, high (null: no band), line, glyph (marks the curve; null: none)} each; y in the order of x
 *   log          whether the y axis is logarithmic; least: then it has both signs, and this is small
 *   gradients    whether the x axis is logarithmic on both sides of 0
 *   top, yRange  y is cut there; the range of y if it is fixed
 *   marks        {x, text} each: a vertical line
 * `onCursor(k)` is told which x the cursor is at, null: at none. Arrow keys move it, + and - zoom, 0 ends that.
 */
class Chart {
  constructor(parent, {title, xLabel, yLabel, onCursor = () => {}}) {
    this.labels = {xLabel, yLabel};
    this.onCursor = onCursor;
    this.box = element("div", {
      class: "chart", tabindex: 0, role: "group", onkeydown: (event) => this.key(event), onblur: () => this.point(null),
      "aria-label": `Plot: ${title}. Arrow keys move the cursor, plus and minus zoom, 0 shows all.`,
    });
    parent.append(this.box);
    charts.push(this);
    new ResizeObserver(() => this.plot && this.resize()).observe(this.box);
  }

  size() {
    const width = Math.max(200, this.box.clientWidth);
    return {width, height: Math.round(Math.min(400, Math.max(240, width / 2)))};
  }
  resize() {
    const {width, height} = this.size();
    if (width !== this.plot.width) this.plot.setSize({width, height});
  }

  show(content) {
    this.content = content;
    this.redraw();
  }

  redraw() {
    if (!this.content) return;
    const {x, curves, log, least, gradients} = this.content;
    const positive = (y) => (log && !least ? y.map((v) => (v > 0 ? v : null)) : y);
    const data = [x], series = [{}], bands = [];
    for (const {y, low, high, line} of curves) {
      if (low) {
        const first = series.length;
        for (const side of [high, low]) {
          series.push({width: 0, stroke: "transparent", points: {show: false}});
          data.push(positive(side));
        }
        bands.push({series: [first, first + 1], fill: line.colour() + "2e"});
      }
      const dash = line.dash.map((length) => length * devicePixelRatio);
      series.push({stroke: line.colour(), width: line.width, dash, spanGaps: true});
      data.push(positive(y));
    }
    const axis = {
      stroke: themeColour("ink"), font: "12px sans-serif", labelFont: "13px sans-serif", labelSize: 20, labelGap: 0,
      grid: {stroke: themeColour("line"), width: 1}, ticks: {stroke: themeColour("line"), width: 1, size: 4},
      filter: (u, ticks) => ticks, values: (u, ticks) => ticks.map((v) => number(v, 6)),
    };
    const yTicks = (u, axisIndex, low, high) => !log ? linearTicks(low, high)
                                                     : least ? symmetricTicks(low, high, least) : logTicks(low, high);
    const xTicks = (u, axisIndex, low, high) => gradients ? gradientTicks(low, high, u.width)
                                                          : linearTicks(low, high, u.width / 100);
    const options = {
      ...this.size(), legend: {show: false}, pxAlign: 0, series, bands, padding: [10, 14, 0, 0],
      cursor: {y: false, drag: {x: true, y: false}, points: {size: 7}},
      scales: {
        x: gradients ? {time: false, distr: 4, asinh: kSmallestGradient} : {time: false},
        y: {distr: !log ? 1 : least ? 4 : 3, asinh: least, range: (u, low, high) => this.range(low, high)},
      },
      axes: [
        {...axis, label: this.labels.xLabel, size: 26, splits: xTicks},
        {...axis, label: this.content.yLabel || this.labels.yLabel, splits: yTicks,
         size: (u, texts) => 12 + 7 * Math.max(3, ...(texts || []).map((text) => text.length))},
      ],
      hooks: {
        setCursor: [(u) => { this.at = u.cursor.idx; this.onCursor(this.at); }],
        setScale: [(u, key) => { if (key === "x") this.keepZoom(u); }],
        draw: [(u) => this.drawMarks(u)],
      },
    };
    const at = this.at, zoom = this.zoom;
    if (this.plot) this.plot.destroy();
    this.zoom = null;
    this.plot = new uPlot(options, data, this.box);
    if (zoom) this.plot.setScale("x", {min: zoom[0], max: zoom[1]});
    if (document.activeElement === this.box) this.point(at);
  }

  range(low, high) {
    const {log, least, top, yRange} = this.content;
    if (yRange) return yRange;
    if (low === null || low === undefined) return log ? [1, 10] : [0, 1];
    if (top !== undefined && top > low) high = Math.min(high, top);
    if (log && least) return [Math.min(1.3 * low, -least), Math.max(1.3 * high, least)];
    if (log) {
      const margin = Math.max((high / low) ** 0.04, 1.01);
      return [low / margin, high * margin];
    }
    const margin = high > low ? (high - low) / 25 : Math.abs(low) / 10 || 1;
    return [low - margin, high + margin];
  }

  keepZoom(u) {
    const {min, max} = u.scales.x, x = this.content.x;
    const all = min <= x[0] && max >= x[x.length - 1];
    this.zoom = all ? null : [min, max];
  }

  /** The cursor goes to the k-th x; null: away. */
  point(k) {
    if (k === null || k === undefined) return this.plot && this.plot.setCursor({left: -10, top: -10});
    const left = this.plot.valToPos(this.content.x[k], "x");
    this.plot.setCursor({left, top: this.plot.over.clientHeight / 2});
  }

  key(event) {
    const {x} = this.content, {min, max} = this.plot.scales.x;
    const first = x.findIndex((v) => v >= min), last = x.findLastIndex((v) => v <= max);
    const at = this.at === null || this.at === undefined ? null : this.at, step = event.shiftKey ? 10 : 1;
    const moves = {ArrowLeft: (at ?? last + 1) - step, ArrowRight: (at ?? first - 1) + step, Home: first, End: last};
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in moves) {
      this.point(Math.min(last, Math.max(first, moves[event.key])));
    } else if (event.key === "+" || event.key === "-") {
      const middle = at ?? Math.round((first + last) / 2), half = (last - first) / (event.key === "+" ? 4 : 1);
      const from = Math.max(0, Math.round(middle - half)), to = Math.min(x.length - 1, Math.round(middle + half));
      if (to - from < 2) return;
      this.plot.setScale("x", {min: x[from], max: x[to]});
      this.point(at);
    } else if (event.key === "0" || event.key === "Escape") {
      this.plot.setScale("x", {min: x[0], max: x[x.length - 1]});
      this.point(at);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Vertical lines, and glyphs along the curves that have one. */
  drawMarks(u) {
    const {ctx, bbox} = u, ratio = devicePixelRatio, {x, curves, log, least, marks = []} = this.content;
    const drawn = (v) => (v ?? null) !== null && (v > 0 || !log || least);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.font = `${12 * ratio}px sans-serif`;
    for (const mark of marks) {
      const left = u.valToPos(mark.x, "x", true), right = left > bbox.left + bbox.width / 2;
      ctx.strokeStyle = ctx.fillStyle = themeColour("faint");
      ctx.lineWidth = ratio;
      ctx.setLineDash([4 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
      ctx.textAlign = right ? "right" : "left";
      ctx.fillText(mark.text, left + (right ? -4 : 4) * ratio, bbox.top + 12 * ratio);
    }
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const {y, line, glyph} of curves.filter((curve) => curve.glyph)) {
      ctx.fillStyle = line.colour();
      let next = bbox.left + 20 * ratio;
      x.forEach((v, k) => {
        const left = u.valToPos(v, "x", true);
        if (left < next || !drawn(y[k])) return;
        ctx.fillText(glyph, left, u.valToPos(y[k], "y", true));
        next = left + 60 * ratio;
      });
    }
    ctx.restore();
  }
}
