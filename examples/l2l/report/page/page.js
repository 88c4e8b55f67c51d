"use strict";
// Begins here: the data, the theme, and the plots in the places that the page has for them.

const page = JSON.parse(document.getElementById("data").textContent);

/** A switch for a dark page. It follows the system until it is used, and is remembered if the browser lets it. */
function themeSwitch() {
  const root = document.documentElement.style, kKey = "l2l-theme";
  try {
    root.colorScheme = localStorage.getItem(kKey) ?? "";
  } catch { /* a page without storage forgets */ }
  const redraw = () => {
    label.firstChild.checked = isDark();
    for (const chart of charts) chart.redraw();
  };
  const label = toggle("dark", isDark(), (on) => {
    root.colorScheme = on ? "dark" : "light";
    try {
      localStorage.setItem(kKey, root.colorScheme);
    } catch { /* see above */ }
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  return label;
}

{
  const links = [...document.querySelectorAll("h2")].map((h2) => element("a", {href: "#" + h2.id}, h2.textContent));
  document.querySelector("h1").before(
    element("div", {class: "top"}, element("nav", {"aria-label": "Sections"}, ...links), themeSwitch()));

  const comparisons = page.runs.flatMap((run) => run.comparisons);
  const trainings = page.runs.map((run) => run.training).filter((training) => training);
  const plots = {
    features: (parent, run) => featuresPlot(parent, run.features),
    training: (parent, run) => trainingPlot(parent, run.training, trainings),
    comparison: (parent, run, label) =>
      comparisonPlot(parent, run.comparisons.find((one) => one.label === label), comparisons),
    probe: (parent, run) => probePlot(parent, run.probe),
    walk: (parent, run) => new Walk(parent, run.walk),
  };
  for (const place of document.querySelectorAll("[data-plot]")) {
    const run = page.runs.find(({name}) => name === place.dataset.run);
    plots[place.dataset.plot](place, run, place.dataset.label);
  }
}
