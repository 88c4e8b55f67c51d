"use strict";
// The controls of plots. All are the browser's own, so that they work with the keyboard and with a screen reader.

let controlCount = 0;

/** One of some choices, {value: text}: radio buttons. `chosen(value)` is called for each change. */
function choice(legend, choices, value, chosen) {
  const name = "choice" + ++controlCount;
  const radio = ([key, text]) =>
    element("label", {},
            element("input", {type: "radio", name, value: key, checked: key === value, onchange: () => chosen(key)}),
            " " + text);
  return element("fieldset", {}, element("legend", {}, legend), ...Object.entries(choices).map(radio));
}

/** A list to choose from, of [value, text]. */
function list(label, choices, chosen) {
  const options = choices.map(([value, text]) => element("option", {value}, text));
  return element("label", {}, label + " ",
                 element("select", {onchange: (event) => chosen(event.target.value)}, ...options));
}

function toggle(text, on, toggled) {
  return element("label", {},
                 element("input", {type: "checkbox", checked: on, onchange: (event) => toggled(event.target.checked)}),
                 " ", ...(Array.isArray(text) ? text : [text]));
}

/** A slider from `first` to `last`, at `value`, which can also go by itself. `shown(t)` is called now and when it moves. */
function player(label, first, last, value, shown) {
  let timer = null;
  const slider = element("input", {type: "range", min: first, max: last, value, "aria-label": label});
  const output = element("output", {}), button = element("button", {type: "button"}, "Play");
  const show = () => {
    output.textContent = `${label} ${slider.value} of ${last}`;
    slider.setAttribute("aria-valuetext", output.textContent);
    shown(Number(slider.value));
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  };
  const advance = () => {
    slider.value = Number(slider.value) + 1;
    show();
    if (Number(slider.value) >= last) stop();
  };
  button.addEventListener("click", () => {
    if (timer !== null) return stop();
    if (Number(slider.value) >= last) slider.value = first - 1;
    button.textContent = "Pause";
    timer = setInterval(advance, Math.min(250, Math.max(30, 6000 / (last - first + 1))));
  });
  slider.addEventListener("input", () => {
    stop();
    show();
  });
  show();
  return element("div", {class: "controls"}, button, slider, output);
}

/**
 * A table beside a plot: a row for each curve, with a box that switches it off, its line, and numbers that follow the
 * cursor. rows: {name, text, line}; columns: texts. `fill(corner, numbers)` writes the corner and the numbers
 * ([row][column], texts).
 */
class Legend {
  constructor(rows, columns, hidden, changed) {
    this.corner = element("th", {scope: "col", "aria-live": "polite"});
    this.cells = rows.map(() => columns.map(() => element("td")));
    const head = element("tr", {}, this.corner, ...columns.map((text) => element("th", {scope: "col"}, text)));
    const body = rows.map(({name, text, line}, k) => {
      const toggled = (on) => {
        if (on) hidden.delete(name);
        else hidden.add(name);
        changed();
      };
      const box = toggle([swatch(line), text], !hidden.has(name), toggled);
      return element("tr", {}, element("th", {scope: "row"}, box), ...this.cells[k]);
    });
    this.table = element("div", {class: "wide"}, element("table", {class: "legend"}, head, ...body));
  }
  fill(corner, numbers) {
    this.corner.textContent = corner;
    this.cells.forEach((row, k) => row.forEach((cell, j) => { cell.textContent = numbers[k][j]; }));
  }
}
