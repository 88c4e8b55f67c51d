"use strict";
// A look inside an optimizer: its updates along a trajectory, and what it would have proposed for other gradients.

function probePlot(parent, probe) {
  const names = ["lstm", "adam", "sgd"], hidden = new Set();
  const rate = (name) => (probe.rates[name] === undefined ? "learned" : "rate " + number(probe.rates[name], 2));
  const rows = names.map((name) => ({name, text: `${name} (${rate(name)})`, line: lineOf(name)}));
  let coordinate = probe.coordinates[0], step = 1, oneScale = true;

  const shown = () => rows.filter(({name}) => !hidden.has(name)).reverse();  // the learned one is on top
  const choices = probe.coordinates.map(({index, place}, k) => [k, `${index}: ${place}`]);
  const updates = element("div"), responses = element("div");
  const history = new Chart(updates, {title: "updates along the trajectory", xLabel: "step", yLabel: "update",
                                      onCursor: (k) => readHistory(k)});
  parent.append(element("div", {class: "controls"}, list("Coordinate", choices, (k) => {
    coordinate = probe.coordinates[k];
    draw();
  })), updates);

  const drawHistory = () => {
    const marks = coordinate.responses.length > 0 ? [{x: step, text: `step ${step}`}] : [];
    history.show({x: coordinate.gradient.map((_, k) => k + 1), marks,
                  curves: shown().map(({name, line}) => ({y: coordinate.updates[name], line}))});
  };
  const readHistory = (k) => historyLegend.fill(
    k === null ? "step" : `step ${k + 1}, gradient ${number(coordinate.gradient[k])}`,
    names.map((name) => [k === null ? "" : number(coordinate.updates[name][k])]));
  const historyLegend = new Legend(rows, ["update"], hidden, () => draw());
  updates.append(historyLegend.table);

  const sweeps = coordinate.responses.length;
  if (sweeps === 0) {
    readHistory(null);
    drawHistory();
    return;
  }
  const response = new Chart(responses, {title: "update as a function of the current gradient", xLabel: "gradient",
                                         yLabel: "update", onCursor: (k) => readResponse(k)});
  const responseOf = (name) => coordinate.responses[step - 1][name] ?? coordinate.responses[0][name];  // or equal to it
  const drawResponse = () => {
    const gradient = coordinate.gradient[step - 1];
    // The scale fits the learned optimizer and ADAM. SGD is a straight line, and may leave it.
    const fitted = oneScale ? coordinate.responses : [coordinate.responses[step - 1]];
    const all = fitted.flatMap((one) => [...one.lstm, ...one.adam]);
    const low = all.reduce((a, b) => Math.min(a, b), 0), high = all.reduce((a, b) => Math.max(a, b), 0);
    const margin = (high - low) / 20 || 1;
    response.show({
      x: coordinate.swept, marks: gradient === null ? [] : [{x: gradient, text: "gradient seen"}],
      yRange: [low - margin, high + margin], curves: shown().map(({name, line}) => ({y: responseOf(name), line})),
    });
  };
  const readResponse = (k) => responseLegend.fill(
    k === null ? `step ${step}, gradient seen ${number(coordinate.gradient[step - 1])}`
               : `gradient ${number(coordinate.swept[k])}`,
    names.map((name) => [k === null ? "" : number(responseOf(name)[k])]));
  const responseLegend = new Legend(rows, ["update"], hidden, () => draw());
  responses.append(responseLegend.table);

  /** Both plots. A box that switches a curve off is in both legends, and each follows the other. */
  function draw() {
    for (const box of parent.querySelectorAll(".legend input")) {
      box.checked = !hidden.has(names[[...box.closest("table").querySelectorAll("input")].indexOf(box)]);
    }
    drawHistory();
    if (sweeps > 0) drawResponse();
    readHistory(null);
    if (sweeps > 0) readResponse(null);
  }
  parent.append(element("p", {class: "hint"}, "The proposed update as a function of the current gradient, after the " +
                        "gradients of the steps before (the paper's Figs. 11-13):"),
                player("step", 1, sweeps, 1, (t) => {
                  step = t;
                  draw();
                }), toggle("one scale for all steps", true, (on) => {
                  oneScale = on;
                  draw();
                }), responses);
  draw();
}
