"use strict";
// The walk of optimizers over a function: paths on a map of the logarithm of the loss, with contour lines.

const kContours = 16;

/** Line segments [x1, y1, x2, y2], in cells, where a grid passes `level`: marching squares. */
function contour(grid, columns, rows, level) {
  const segments = [];
  for (let r = 0; r + 1 < rows; ++r) {
    for (let c = 0; c + 1 < columns; ++c) {
      const corners = [[c, r], [c + 1, r], [c + 1, r + 1], [c, r + 1]];
      const values = corners.map(([x, y]) => grid[y * columns + x]);
      if (values.some((v) => v === null)) continue;
      const crossings = [];
      for (let k = 0; k < 4; ++k) {
        const a = values[k] - level, b = values[(k + 1) % 4] - level;
        if ((a < 0) === (b < 0)) continue;
        const [from, to] = [corners[k], corners[(k + 1) % 4]], part = a / (a - b);
        crossings.push(from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1]));
      }
      for (let k = 0; k + 3 < crossings.length; k += 4) segments.push(crossings.slice(k, k + 4));
    }
  }
  return segments;
}

/** The lowest and the highest number of many, without those that are null. */
const extent = (values) => values.reduce(
  ({low, high}, v) => (v === null ? {low, high} : {low: Math.min(low, v), high: Math.max(high, v)}),
  {low: Infinity, high: -Infinity});

/** log(loss - least + a little): a minimum of 0 is not infinitely deep. null stays null. */
function depths(grid) {
  const {low, high} = extent(grid);
  const little = Math.max((high - low) * 1e-4, Number.MIN_VALUE);
  const base = low > little ? 0 : low - little;
  return grid.map((v) => (v === null ? null : Math.log(v - base)));
}

class Walk {
  constructor(parent, walk) {
    this.walk = walk;
    this.hidden = new Set();
    this.step = 0;
    const text = ({name, rate}) => (rate === null ? `${name} (learned)` : `${name} (rate ${number(rate, 2)})`);
    this.rows = walk.paths.map((path, k) => ({name: path.name, text: text(path), line: lineOf(path.name, k)}));
    this.depth = depths(walk.grid);
    Object.assign(this, extent(this.depth));  // low, high
    this.contours = Array.from({length: kContours}, (_, k) => contour(
      this.depth, walk.columns, walk.rows, this.low + (this.high - this.low) * (k + 0.5) / kContours));
    const names = walk.paths.map((path) => path.name).join(", ");
    this.canvas = element("canvas", {
      role: "img", "aria-label": `Paths of ${names} over the contour lines of the loss. The slider moves them; the table ` +
                                 "has the losses.",
    });
    this.box = element("div", {class: "chart"}, this.canvas);
    this.legend = new Legend(this.rows, ["loss", "at"], this.hidden, () => this.redraw());
    const steps = Math.max(...walk.paths.map((path) => path.points.length)) - 1;
    const what = element("p", {class: "hint"}, `${walk.optimizee}, function ${walk.function} of seed ${walk.seed}`);
    parent.append(what, this.box, player("step", 0, steps, steps, (t) => this.show(t)), this.legend.table);
    charts.push(this);
    new ResizeObserver(() => this.redraw()).observe(this.box);
  }

  show(t) {
    this.step = t;
    this.legend.fill(`step ${t}`, this.walk.paths.map(({losses, points}) => {
      const [x, y] = points[t] ?? [null, null];
      return [number(losses[t]), x === null || y === null ? "–" : `${number(x, 3)}, ${number(y, 3)}`];
    }));
    this.redraw();
  }

  redraw() {
    if (this.box.clientWidth === 0) return;
    const width = Math.min(720, this.box.clientWidth), height = Math.round(Math.max(260, width * 0.7));
    const ratio = devicePixelRatio, {canvas, walk} = this;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    const frame = this.frame = {left: 56, top: 8, width: width - 66, height: height - 50};
    const toX = (x) => frame.left + (x - walk.x[0]) / (walk.x[1] - walk.x[0]) * frame.width;
    const toY = (y) => frame.top + (walk.y[1] - y) / (walk.y[1] - walk.y[0]) * frame.height;
    this.drawAxes(ctx, toX, toY);
    ctx.beginPath();
    ctx.rect(frame.left, frame.top, frame.width, frame.height);
    ctx.clip();
    this.drawMap(ctx);
    this.drawMinima(ctx, toX, toY);
    walk.paths.map((path, k) => [path, this.rows[k].line]).reverse().forEach(([path, line]) => {
      if (!this.hidden.has(path.name)) this.drawPath(ctx, path, line, toX, toY);
    });
  }

  drawAxes(ctx, toX, toY) {
    const {walk, frame} = this, bottom = frame.top + frame.height, names = walk.kind === "plane" ? "direction" : "coordinate";
    ctx.fillStyle = themeColour("ink");
    ctx.font = "12px sans-serif";
    ctx.textAlign = "center";
    for (const x of linearTicks(...walk.x, frame.width / 90)) ctx.fillText(number(x, 6), toX(x), bottom + 16);
    ctx.fillText(`first ${names}`, frame.left + frame.width / 2, bottom + 34);
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const y of linearTicks(...walk.y, frame.height / 60)) ctx.fillText(number(y, 6), frame.left - 6, toY(y));
    ctx.save();
    ctx.translate(9, frame.top + frame.height / 2);
    ctx.rotate(-Math.PI / 2);
    ctx.textAlign = "center";
    ctx.fillText(`second ${names}`, 0, 0);
    ctx.restore();
  }

  /** The farther from the colour of the page, the higher the loss. */
  drawMap(ctx) {
    const {walk, frame, depth} = this, {columns, rows} = walk, dark = isDark();
    const image = new ImageData(columns, rows);
    depth.forEach((v, k) => {
      const share = v === null || this.high <= this.low ? 1 : (v - this.low) / (this.high - this.low);
      const grey = dark ? 28 + 70 * share : 255 - 90 * share;
      const at = 4 * ((rows - 1 - Math.floor(k / columns)) * columns + k % columns);  // the first row is the lowest
      image.data.set([grey, grey, grey, 255], at);
    });
    const small = new OffscreenCanvas(columns, rows);
    small.getContext("2d").putImageData(image, 0, 0);
    // The grid's numbers are at the edges too, those of the image in the middle of its pixels.
    const dx = frame.width / (columns - 1), dy = frame.height / (rows - 1);
    ctx.drawImage(small, frame.left - dx / 2, frame.top - dy / 2, frame.width + dx, frame.height + dy);
    ctx.strokeStyle = dark ? "#888" : "#777";
    ctx.lineWidth = 0.7;
    ctx.beginPath();
    for (const [x1, y1, x2, y2] of this.contours.flat()) {
      ctx.moveTo(frame.left + x1 * dx, frame.top + frame.height - y1 * dy);
      ctx.lineTo(frame.left + x2 * dx, frame.top + frame.height - y2 * dy);
    }
    ctx.stroke();
  }

  drawMinima(ctx, toX, toY) {
    ctx.strokeStyle = themeColour("ink");
    ctx.lineWidth = 2;
    ctx.beginPath();
    for (const [x, y] of this.walk.minima) {
      for (const sign of [-1, 1]) {
        ctx.moveTo(toX(x) - 5, toY(y) - 5 * sign);
        ctx.lineTo(toX(x) + 5, toY(y) + 5 * sign);
      }
    }
    ctx.stroke();
  }

  drawPath(ctx, path, line, toX, toY) {
    const points = path.points.slice(0, this.step + 1), end = points.findIndex(([x, y]) => x === null || y === null);
    const known = end < 0 ? points : points.slice(0, end);
    if (known.length === 0) return;
    const trace = (colour, width, dash) => {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.setLineDash(dash);
      ctx.beginPath();
      known.forEach(([x, y], k) => (k === 0 ? ctx.moveTo(toX(x), toY(y)) : ctx.lineTo(toX(x), toY(y))));
      ctx.stroke();
    };
    trace(themeColour("paper"), line.width + 2, []);  // a rim, to be seen on every grey
    trace(line.colour(), line.width, line.dash);
    const [x, y] = known[known.length - 1];
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.arc(toX(x), toY(y), 5, 0, 2 * Math.PI);
    ctx.fillStyle = line.colour();
    ctx.fill();
    ctx.strokeStyle = themeColour("paper");
    ctx.lineWidth = 1.5;
    ctx.stroke();
  }
}
