"""tables.py FOLDER: gives the runs quadratic and mnist in FOLDER tables of all kinds that the page takes.

quadratic: compare.csv with differences to the learned optimizer, and a walk.json. mnist: compare.csv without
differences, as older versions wrote it, and compare-40-units.csv with an optimizer that diverged."""
import csv
import json
import math
import pathlib
import sys

COLUMNS = ["optimizer", "step", "mean_loss", "sem"]
PAIRED = ["difference", "difference_sem"]
STEPS, SIDE = 60, 61
HOSTILE = "</script><script>document.title = 'caught'</script><!-- <b>"


def read(file):
    with open(file, newline="") as table:
        return list(csv.DictReader(table))


def write(file, columns, rows):
    with open(file, "w", newline="") as out:
        writer = csv.DictWriter(out, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def with_differences(rows):
    learned = {row["step"]: float(row["mean_loss"]) for row in rows if row["optimizer"] == "lstm"}
    for row in rows:
        row["difference"] = float(row["mean_loss"]) - learned[row["step"]]
        row["difference_sem"] = abs(row["difference"]) / 10
    return rows


def loss(x, y):  # Rosenbrock's function, flattened
    return (1 - x) ** 2 + 20 * (y - x * x) ** 2


def gradient(x, y):
    return -2 * (1 - x) - 80 * x * (y - x * x), 40 * (y - x * x)


def walked(name, rate, step):
    points = [[-1.5, 2.6]]
    for t in range(STEPS):
        x, y = points[-1]
        points.append([v - step * d / (1 + math.hypot(*gradient(x, y)) / 9) for v, d in zip((x, y), gradient(x, y))])
    return {"name": name, "rate": rate, "points": points, "losses": [loss(*point) for point in points]}


def walk():
    ends = [-2, 2], [-1, 3]
    place = [[low + (high - low) * k / (SIDE - 1) for k in range(SIDE)] for low, high in ends]
    grid = [loss(x, y) for y in place[1] for x in place[0]]
    grid[SIDE // 2] = None
    paths = [walked("lstm", None, 0.02), walked("adam", 0.1, 0.01), walked(HOSTILE, 0.003, 0.003)]
    paths[1]["losses"][-2] = None  # diverged
    paths[1]["points"][-2] = [None, None]
    return {"optimizee": "valley", "options": {}, "function": 3, "seed": 7, "steps": STEPS, "kind": "coordinates",
            "x": ends[0], "y": ends[1], "columns": SIDE, "rows": SIDE, "grid": grid, "minima": [[1, 1]], "paths": paths,
            "something_new": [1, 2]}


folder = pathlib.Path(sys.argv[1])
file = folder / "quadratic/compare.csv"
write(file, COLUMNS + PAIRED, with_differences(read(file)))
file = folder / "mnist/compare.csv"
write(file, COLUMNS, read(file))
file = folder / "mnist/compare-40-units.csv"
rows = read(file)
for row in rows:
    if row["optimizer"] == "adam" and int(row["step"]) > 5:
        row.update({column: "nan" for column in row if column not in ("optimizer", "step")})
write(file, list(rows[0]), rows)
(folder / "quadratic/walk.json").write_text(json.dumps(walk()))
