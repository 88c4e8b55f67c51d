"""page_test.py FOLDER WORK: the page that l2l figures wrote to FOLDER, used in a browser as its readers use it.

What the page shows is held against the tables in FOLDER. Screenshots go to WORK. The first failure ends it."""
import csv
import json
import pathlib
import sys
import time

from webdriver import Browser

TAB, SPACE, LEFT, RIGHT, HOME, END = "\ue004", " ", "\ue012", "\ue014", "\ue011", "\ue010"
LSTM, ADAM, SGD = [0xd5, 0x5e, 0], [0, 0x72, 0xb2], [0x56, 0xb4, 0xe9]

HELPERS = """
window.place = (kind, run, label = "") =>
  document.querySelector(`[data-plot="${kind}"][data-run="${run}"][data-label="${label}"]`);
window.chartIn = (parent, k = 0) => charts.filter((chart) => parent.contains(chart.box))[k];
window.pixelsOf = (parent, k = 0) => {
  const from = parent.querySelectorAll("canvas")[k], copy = new OffscreenCanvas(from.width, from.height);
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(from, 0, 0);
  return context.getImageData(0, 0, from.width, from.height);
};
window.count = (parent, [r, g, b], k = 0) => {  // pixels of this colour
  const {data} = pixelsOf(parent, k);
  let n = 0;
  for (let i = 0; i < data.length; i += 4) {
    n += data[i + 3] > 200 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 20;
  }
  return n;
};
window.labelled = (parent, text) =>
  [...parent.querySelectorAll("label")].find((l) => l.textContent.trim().startsWith(text)).querySelector("input");
window.legendOf = (parent, k = 0) =>
  [...parent.querySelectorAll(".legend")[k].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
"""


def check(truth, *what):
    if not truth:
        raise AssertionError(" ".join(map(str, what)))


def rows(file):
    with open(file, newline="") as table:
        return list(csv.DictReader(table))


def shown(text):
    """A number as the page writes it; what follows ± is left out."""
    return float(text.split("±")[0])


def close(text, number, digits):
    return abs(shown(text) - float(number)) <= 0.6 * 10 ** (1 - digits) * abs(float(number)) + 1e-300


class Test:
    def __init__(self, browser, folder, work):
        self.browser, self.folder, self.work = browser, pathlib.Path(folder), pathlib.Path(work)
        self.url = (self.folder / "report.html").resolve().as_uri()

    def js(self, script, *arguments):
        return self.browser.run(script, *arguments)

    def click(self, script, *arguments):
        """A click of the mouse on what a script returns."""
        element = self.js(script, *arguments)
        check(element, "there is no", script)
        self.browser.call("POST", f"/element/{next(iter(element.values()))}/click", {})

    def quiet(self, when):
        messages = self.browser.console()
        check(not messages, when, "the console says", messages)

    def load(self):
        self.browser.open(self.url)
        self.js(HELPERS)
        # A plot is drawn once more when the browser has told it its width.
        self.js("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def hover(self, parent, share, k=0):
        """The mouse goes to a share of the width of a plot."""
        box = self.js(f"const box = chartIn({parent}, {k}).plot.over; box.scrollIntoView({{block: 'center'}});"
                      "const r = box.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]")
        self.browser.hover(box[0] + share * box[2], box[1] + box[3] / 2)

    # ---- What is tested ------------------------------------------------------------------------------------------

    def loads(self):
        self.load()
        self.quiet("after loading")
        loaded = self.js("""
            const parts = [...document.querySelectorAll("[src], link[href]")].map((e) => e.src ?? e.href);
            const requests = performance.getEntriesByType("resource").map((r) => r.name);
            return [...parts, ...requests].map((name) => name.slice(0, 80))""")
        check(all(name.startswith("data:") for name in loaded), "the page loads", loaded)
        check(self.js("return document.querySelectorAll('[data-plot]').length") >= 6, "there are places without plots")
        empty = self.js("""
            const drawn = (place) => place.querySelector("canvas") && new Set(pixelsOf(place).data).size >= 8;
            return [...document.querySelectorAll("[data-plot]")].filter((place) => !drawn(place)).map(
                (place) => place.outerHTML.slice(0, 80))""")
        check(not empty, "nothing is drawn in", empty)
        check(not self.js("return [...document.images].filter((i) => !i.alt).length"), "an image without a text")
        self.browser.screenshot(self.work / "light.png", whole=True)

    def switches_curves(self):
        parent = "place('comparison', 'quadratic')"
        before = self.js(f"return count({parent}, {LSTM})")
        check(before > 50, "there is no curve of lstm:", before, "pixels")
        others = self.js(f"return count({parent}, {ADAM})")
        self.click(f"return labelled({parent}, 'lstm')")
        check(self.js(f"return count({parent}, {LSTM})") == 0, "lstm is switched off and still there")
        check(self.js(f"return count({parent}, {ADAM})") >= others / 2 > 5, "adam went with lstm")
        self.click(f"return labelled({parent}, 'lstm')")
        check(self.js(f"return count({parent}, {LSTM})") == before, "lstm does not come back as it was")
        check(len(set(self.js(f"return [...{parent}.querySelectorAll('.legend path')].map((p) => "
                              "p.getAttribute('stroke-dasharray'))"))) == 5, "dashes do not tell the lines apart")

    def changes_axes(self):
        parent = "place('comparison', 'quadratic')"
        gaps = f"const u = chartIn({parent}).plot, at = (v) => u.valToPos(v, 'y');"
        low, high = self.js(f"const u = chartIn({parent}).plot; return [u.scales.y.min, u.scales.y.max]")
        check(0 < low < high, "the range of a logarithmic axis", low, high)
        ratio = self.js(gaps + "return (at(2) - at(4)) / (at(4) - at(8))")
        check(abs(ratio - 1) < 1e-6, "the axis is not logarithmic:", ratio)
        drawn = self.js(f"return count({parent}, {LSTM})")
        self.click(f"return labelled({parent}, 'linear')")
        ratio = self.js(gaps + "return (at(2) - at(4)) / (at(4) - at(8))")
        check(abs(ratio - 0.5) < 1e-6, "the axis is not linear:", ratio)
        check(self.js(f"return count({parent}, {LSTM})") != drawn, "the curve did not move")
        self.click(f"return labelled({parent}, 'logarithmic')")
        check(self.js(f"return count({parent}, {LSTM})") == drawn, "the curve did not come back")

    def reads_out(self):
        """The numbers beside a plot are those of the table, at the step that the mouse is at."""
        parent, table = "place('comparison', 'quadratic')", rows(self.folder / "quadratic/compare.csv")
        self.hover(parent, 0.5)
        legend = self.js(f"return legendOf({parent})")
        step = int(legend[0][0].split()[1])
        last = max(int(row["step"]) for row in table)
        check(0.4 * last < step < 0.6 * last, "the middle of the plot is step", step)
        for row in legend[1:]:
            truth = next(r for r in table if r["optimizer"] == row[0].split()[0] and int(r["step"]) == step)
            check(close(row[1], truth["mean_loss"], 4), row, truth)
            check(close(row[1].split("±")[1], truth["sem"], 2), row, truth)

        last = rows(self.folder / "quadratic/train.csv")[-1]
        legend = self.js("return legendOf(place('training', 'quadratic'))")
        check(close(legend[2][1], last["meta_loss"], 4) and close(legend[3][1], last["final_loss"], 4), legend, last)

    def pairs(self):
        parent, table = "place('comparison', 'quadratic')", rows(self.folder / "quadratic/compare.csv")
        self.click(f"return labelled({parent}, 'differences')")
        check(self.js(f"return count({parent}, {LSTM})") == 0, "the learned optimizer's difference to itself is drawn")
        # Logarithmic on both sides of 0: equal ratios are equally far apart, far from 0.
        size = "const u = chartIn(%s).plot, big = u.scales.y.asinh * 1e4, at = (v) => u.valToPos(v, 'y');" % parent
        for sign in 1, -1:
            ratio = self.js(size + "return (at(arguments[0] * big) - at(arguments[0] * 2 * big)) / "
                                   "(at(arguments[0] * 2 * big) - at(arguments[0] * 4 * big))", sign)
            check(abs(ratio - 1) < 1e-4, "differences are not on a logarithmic axis:", ratio)
        self.hover(parent, 0.25)
        legend = self.js(f"return legendOf({parent})")
        step = int(legend[0][0].split()[1])
        check(len(legend) == 5, "differences of", legend)
        for row in legend[1:]:
            truth = next(r for r in table if r["optimizer"] == row[0].split()[0] and int(r["step"]) == step)
            check(close(row[1], truth["difference"], 4), row, truth)
        self.click(f"return labelled({parent}, 'losses')")
        check(self.js(f"return count({parent}, {LSTM})") > 0, "the losses do not come back")
        without = self.js("return place('comparison', 'mnist').textContent")
        check("differences" not in without and "logarithmic" in without, "a view of differences that are not there")

    def overlays(self):
        parent = "place('comparison', 'quadratic')"
        before = self.js(f"return [chartIn({parent}).plot.series.length, count({parent}, {LSTM})]")
        self.click(f"return {parent}.querySelector('summary')")
        self.click(f"return labelled({parent}.querySelector('details'), 'mnist, relu')")
        after = self.js(f"return [chartIn({parent}).plot.series.length, count({parent}, {LSTM})]")
        check(after[0] == before[0] + 5 and after[1] != before[1], "nothing is overlaid:", before, after)
        table = rows(self.folder / "mnist/compare-relu.csv")
        legend = self.js(f"return legendOf({parent})")
        check(legend[0][2].endswith("mnist, relu"), "the column of the other run is", legend[0])
        last = max(int(row["step"]) for row in table)
        for row in legend[1:]:
            truth = next(r for r in table if r["optimizer"] == row[0].split()[0] and int(r["step"]) == last)
            check(close(row[2], truth["mean_loss"], 4), row, truth)
        self.click(f"return labelled({parent}.querySelector('details'), 'mnist, relu')")
        check(self.js(f"return chartIn({parent}).plot.series.length") == before[0], "the other run stays")

    def responds(self):
        """The slider of the responses, by arrow keys."""
        parent = "place('probe', 'quadratic')"
        updates, responses = (rows(self.folder / f"quadratic/probe_{name}.csv") for name in ("updates", "response"))
        options = self.js(f"return [...{parent}.querySelectorAll('option')].map((o) => o.textContent)")
        self.js(f"{parent}.querySelector('input[type=range]').focus()")
        drawn = self.js(f"return count({parent}, {LSTM}, 1)")
        self.browser.keys(RIGHT, RIGHT, RIGHT)
        check(self.js(f"return {parent}.querySelector('output').textContent").startswith("step 4 of"), "not at step 4")
        check(self.js(f"return count({parent}, {LSTM}, 1)") != drawn, "the response does not move with the slider")

        def agrees(coordinate, step):
            truth = next(r for r in updates if r["coordinate"] == coordinate and r["step"] == str(step))
            corner = self.js(f"return legendOf({parent}, 1)")[0][0]
            check(corner.startswith(f"step {step}, gradient seen ") and close(corner.split()[-1], truth["gradient"], 3),
                  corner, truth)
            self.hover(parent, 0.7, 1)
            legend = self.js(f"return legendOf({parent}, 1)")
            swept = [r for r in responses if r["coordinate"] == coordinate and r["step"] == str(step)]
            truth = min(swept, key=lambda r: abs(float(r["gradient"]) - shown(legend[0][0].split()[1])))
            check(close(legend[0][0].split()[1], truth["gradient"], 4), legend, truth)
            for row in legend[1:]:
                check(close(row[1], truth[row[0].split()[0]], 3), row, truth)
            self.js("document.activeElement.blur()")
            self.browser.hover(1, 1)

        agrees(options[0].split(":")[0], 4)
        self.js(f"const list = {parent}.querySelector('select'); list.focus()")
        self.browser.keys("\ue015")  # arrow down
        coordinate = options[1].split(":")[0]
        agrees(coordinate, 4)

        def fits(steps):
            """The scale of the responses is that of the learned optimizer and ADAM in these steps."""
            updates = [float(r[name]) for r in responses for name in ("lstm", "adam")
                       if r["coordinate"] == coordinate and (steps is None or int(r["step"]) in steps)]
            low, high = min(0, *updates), max(0, *updates)
            truth = [low - (high - low) / 20, high + (high - low) / 20]
            found = self.js(f"const {{y}} = chartIn({parent}, 1).plot.scales; return [y.min, y.max]")
            check(all(abs(a - b) < 0.01 * (high - low) for a, b in zip(found, truth)), "the scale", found, truth)

        fits(None)
        self.click(f"return labelled({parent}, 'one scale')")
        fits([4])
        self.click(f"return {parent}.querySelector('button')")  # Play
        self.waits(lambda: self.js(f"return Number({parent}.querySelector('input[type=range]').value)") > 4, "Play")
        self.click(f"return {parent}.querySelector('button')")
        stopped = self.js(f"return {parent}.querySelector('input[type=range]').value")
        time.sleep(0.4)
        check(self.js(f"return {parent}.querySelector('input[type=range]').value") == stopped, "Pause does not stop it")
        self.click(f"return labelled({parent}, 'sgd')")
        check(self.js(f"return [count({parent}, {SGD}), count({parent}, {SGD}, 1)]") == [0, 0], "sgd is still there")

    def waits(self, done, what):
        for _ in range(50):
            if done():
                return
            time.sleep(0.1)
        raise AssertionError(what + ": nothing happens")

    def walks(self):
        parent = "place('walk', 'quadratic')"
        with open(self.folder / "quadratic/walk.json") as file:
            walk = json.load(file)
        path = walk["paths"][0]
        self.js(f"{parent}.scrollIntoView(); {parent}.querySelector('input[type=range]').focus()")
        for key, step in ((HOME, 0), (END, walk["steps"]), (LEFT, walk["steps"] - 1)):
            self.browser.keys(key)
            legend = self.js(f"return legendOf({parent})")
            check(legend[0][0] == f"step {step}", "the slider is at", legend[0])
            for row, truth in zip(legend[1:], walk["paths"]):
                check(row[0].startswith(truth["name"]), row, truth["name"])
                if truth["losses"][step] is None:
                    check(row[1] == "–", row)
                else:
                    check(close(row[1], truth["losses"][step], 4), row, truth["losses"][step])
            # The end of the path is where it should be on the picture.
            share = [(v - low) / (high - low) for v, (low, high) in zip(path["points"][step], (walk["x"], walk["y"]))]
            colour = self.js(f"""
                const {{left, top, width, height}} = chartIn({parent}).frame, {{data, width: row}} = pixelsOf({parent});
                const x = Math.round(left + arguments[0] * width), y = Math.round(top + (1 - arguments[1]) * height);
                return [...data.slice(4 * (y * row + x), 4 * (y * row + x) + 3)]""", *share)
            check(colour == LSTM, "step", step, "of lstm is not where it should be:", colour)
        name = walk["paths"][-1]["name"]
        check(self.js(f"return legendOf({parent})").pop()[0].startswith(name), "a name with angle brackets")
        self.click(f"return labelled({parent}, 'lstm')")
        check(self.js(f"return count({parent}, {LSTM})") == 0, "the path of lstm is still there")
        # The map is darker where the loss is higher. Contour lines and the cross of a minimum are darker than the map.
        columns, rows_of_map = walk["columns"], walk["rows"]
        cells = [k for k, v in enumerate(walk["grid"]) if v is not None]
        low, high = min(cells, key=walk["grid"].__getitem__), max(cells, key=walk["grid"].__getitem__)
        mirrored = (rows_of_map - 1 - high // columns) * columns + high % columns
        check(walk["grid"][mirrored] < walk["grid"][high] / 4, "a walk.json that does not tell up from down")
        places = [[k % columns / (columns - 1), k // columns / (rows_of_map - 1)] for k in (low, mirrored, high)]
        grey = self.js(f"""
            const {{left, top, width, height}} = chartIn({parent}).frame, {{data, width: row}} = pixelsOf({parent});
            const inside = (share, size) => Math.round(Math.min(size - 9, Math.max(9, share * size)));
            return arguments[0].map(([x, y]) => {{
              let lightest = 0;
              for (let dy = -8; dy <= 8; ++dy) {{
                for (let dx = -8; dx <= 8; ++dx) {{
                  const at = (top + inside(1 - y, height) + dy) * row + left + inside(x, width) + dx;
                  lightest = Math.max(lightest, data[4 * at]);
                }}
              }}
              return lightest;
            }})""", places)
        check(grey[0] > grey[1] + 8 and grey[1] > grey[2] + 8, "the map's greys from low to high are", grey)

    def works_without_a_mouse(self):
        """Every control is reached by Tab and shows that it is; keys move and zoom a plot."""
        self.load()
        wanted = self.js("""
            const all = document.querySelectorAll("a, button, select, summary, .chart[tabindex], input");
            window.wanted = [...all].filter((e) => e.checkVisibility() && !(e.type === "radio" && !e.checked));
            return wanted.length""")
        self.js("window.reached = new Set(); window.unseen = []; document.activeElement.blur()")
        self.js("""document.addEventListener("focusin", ({target}) => {
            reached.add(target);
            if (getComputedStyle(target).outlineStyle === "none") unseen.push(target.outerHTML.slice(0, 80));
        })""")
        self.browser.keys(*[TAB] * (wanted + 60))  # some boxes that scroll are reached besides
        missed = self.js("return wanted.filter((e) => !reached.has(e)).map((e) => e.outerHTML.slice(0, 80))")
        check(not missed, "not reached by Tab:", missed)
        check(not self.js("return unseen"), "a focus that is not seen:", self.js("return unseen"))
        parent = "place('comparison', 'quadratic')"
        before = self.js(f"return count({parent}, {LSTM})")
        self.js(f"labelled({parent}, 'lstm').focus()")
        self.browser.keys(SPACE)
        check(self.js(f"return count({parent}, {LSTM})") == 0, "Space does not switch lstm off")
        self.browser.keys(SPACE)
        check(self.js(f"return count({parent}, {LSTM})") == before, "Space does not switch lstm on")
        self.js(f"labelled({parent}, 'logarithmic').focus()")
        self.browser.keys(RIGHT)
        check(self.js(f"return chartIn({parent}).plot.scales.y.distr") == 1, "an arrow does not choose the linear axis")
        self.browser.keys(LEFT)
        self.js(f"chartIn({parent}).box.focus()")
        self.browser.keys(RIGHT, RIGHT, RIGHT)
        check(self.js(f"return legendOf({parent})[0][0]") == "step 2", "three arrows lead to step 2")
        self.browser.keys(END, LEFT)
        span = f"const {{min, max}} = chartIn({parent}).plot.scales.x; return max - min"
        whole = self.js(span)
        check(self.js(f"return legendOf({parent})[0][0]") == f"step {whole - 1:.0f}", "End and an arrow")
        self.browser.keys("+")
        check(self.js(span) < 0.6 * whole, "plus does not zoom")
        self.browser.keys("0")
        check(self.js(span) == whole, "0 does not end the zoom")

    def turns_dark(self):
        brightness = ("return getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g)"
                      ".reduce((sum, x) => sum + Number(x), 0)")
        parent = "place('comparison', 'quadratic')"
        black, white = (f"return count({parent}, {ink})" for ink in ([0x22] * 3, [0xe2] * 3))  # numbers on the axes
        check(self.js(brightness) > 700 and self.js(black) > 20, "the page is not light")
        dark = {"name": "prefers-color-scheme", "value": "dark"}
        self.browser.devtools("Emulation.setEmulatedMedia", features=[dark])
        self.waits(lambda: self.js(black) == 0, "the system turns dark")
        check(self.js(brightness) < 150 and self.js(white) > 20, "the page is not dark")
        self.browser.screenshot(self.work / "dark.png", whole=True)
        self.click("return labelled(document.querySelector('.top'), 'dark')")
        check(self.js(brightness) > 700 and self.js(black) > 20, "the switch does not make it light")
        self.load()
        check(self.js(brightness) > 700, "what was chosen is forgotten")
        self.click("return labelled(document.querySelector('.top'), 'dark')")
        check(self.js(brightness) < 150, "the switch does not make it dark")

    def is_narrow(self):
        self.browser.devtools("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1,
                              mobile=True)
        fits = "return document.documentElement.scrollWidth <= 360 && innerWidth === 360"
        canvases = ("return Math.max(...[...document.querySelectorAll('canvas')].map("
                    "(canvas) => canvas.getBoundingClientRect().right))")
        self.waits(lambda: self.js(fits) and self.js(canvases) <= 360, "a plot or the page is wider than 360 pixels")
        self.browser.screenshot(self.work / "narrow.png", whole=True)
        self.browser.devtools("Emulation.clearDeviceMetricsOverride")

    def needs_no_scripts(self):
        self.browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
        self.browser.open(self.url)
        images = self.browser.call("POST", "/elements", {"using": "css selector", "value": "img"})
        pictures = len(list(self.folder.glob("*/*.png")))
        check(len(images) == pictures, len(images), "pictures without scripts, of", pictures)
        for image in images:
            size = self.browser.call("GET", f"/element/{next(iter(image.values()))}/rect")
            check(size["width"] > 200 and size["height"] > 100, "a picture that is not seen:", size)
        tables = self.browser.call("POST", "/elements", {"using": "css selector", "value": "td.best"})
        check(tables, "there is no table without scripts")
        self.quiet("without scripts")
        self.browser.devtools("Emulation.setScriptExecutionDisabled", value=False)

    def all(self):
        for part in (self.loads, self.switches_curves, self.changes_axes, self.reads_out, self.pairs, self.overlays,
                     self.responds, self.walks, self.works_without_a_mouse, self.turns_dark, self.is_narrow):
            part()
            self.quiet(part.__name__)
        self.needs_no_scripts()


if __name__ == "__main__":
    with Browser(sys.argv[2]) as window:
        try:
            Test(window, sys.argv[1], sys.argv[2]).all()
        except AssertionError as error:
            sys.exit(f"FAILED: {error}")
