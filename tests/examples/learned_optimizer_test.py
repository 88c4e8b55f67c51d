"""examples/torch/learned_optimizer.py against this project's own steps, and in a loop of PyTorch.

    python3 learned_optimizer_test.py TRAINED [STEPS]

TRAINED: a copy of examples/trained, where some runs have been probed. STEPS: what learned_steps has written.
"""
import csv, glob, io, json, os, re, struct, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/torch"))
import torch
from learned_optimizer import LearnedOptimizer, read_safetensors


def compare(what, got, expected, tolerance):
    """Of each row (a step) of numbers; errors are relative to the largest number of a column."""
    got, expected = torch.tensor(got, dtype=torch.float64), torch.tensor(expected, dtype=torch.float64)
    error = ((got - expected).abs() / expected.abs().amax(0)).nan_to_num(torch.inf).max().item()
    assert error < tolerance, f"{what}: updates differ by {error:.1e} of their size"
    print(f"{what}: {expected.numel()} updates differ by at most {error:.1e} of their size")


def probed(run):
    """Each coordinate that was probed is a parameter of one element, in the group that it was in."""
    with open(f"{run}/probe.json") as file:
        places = [coordinate["place"] for coordinate in json.load(file)["coordinates"]]
    with open(f"{run}/probe_updates.csv") as file:
        rows = list(csv.DictReader(file))
    columns = [rows[first:first + len(rows) // len(places)] for first in range(0, len(rows), len(rows) // len(places))]
    parameters = [torch.nn.Parameter(torch.zeros(())) for _ in columns]
    groups = {}
    for parameter, place in zip(parameters, places):
        groups.setdefault(place.partition(", group ")[2], []).append(parameter)
    optimizer = LearnedOptimizer([{"params": those, "group": group} for group, those in groups.items()],
                                 f"{run}/optimizer.safetensors")
    got, expected = [], []
    for step in zip(*columns):
        for parameter, row in zip(parameters, step):
            parameter.data.zero_()  # so that it becomes the update itself
            parameter.grad = torch.tensor(float(row["gradient"]))
        optimizer.step()
        got.append([parameter.item() for parameter in parameters])
        expected.append([float(row["lstm"]) for row in step])
    assert len(got) >= 20 and len(parameters) >= 8, f"{run}: {len(got)} steps of {len(parameters)} coordinates"
    compare(f"{run}, probed", got, expected, 1e-5)


def stepped(stem):
    metadata, tensors = read_safetensors(f"{stem}.steps.safetensors")
    names = [key.removeprefix("group of ") for key in metadata if key.startswith("group of ")]
    parameters = {name: torch.nn.Parameter(torch.zeros_like(tensors[f"gradient.0.{name}"])) for name in names}

    def optimizer():  # a group for each parameter: only the tables of numbers have to be told from maps
        return LearnedOptimizer([{"params": [p], "group": metadata[f"group of {name}"],
                                  "linear_map": metadata[f"map of {name}"] == "yes" or p.dim() < 2}
                                 for name, p in parameters.items()], f"{stem}.optimizer.safetensors")
    opt, steps, got, expected = optimizer(), sum(key.startswith("gradient.") for key in tensors) // len(names), [], []
    for step in range(steps):
        if step == steps // 2:  # saved and restored
            file = io.BytesIO()
            torch.save(opt.state_dict(), file)
            file.seek(0)
            opt = optimizer()
            opt.load_state_dict(torch.load(file))
        opt.zero_grad()
        for name, p in parameters.items():
            p.data.zero_()
            p.grad = tensors[f"gradient.{step}.{name}"]
        opt.step()
        got.append(torch.cat([p.data.reshape(-1) for p in parameters.values()]).tolist())
        expected.append(torch.cat([tensors[f"update.{step}.{name}"].reshape(-1) for name in names]).tolist())
    form = next(iter(opt.models.values()))
    compare(f"{os.path.basename(stem)}, {form.preprocess}, {form.proposal}", got, expected, 1e-12)


def train(path, model, groups, images, labels, schedule=False):
    optimizer = LearnedOptimizer(groups, path)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / 40) if schedule else None
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        return loss
    for _ in range(40):
        losses.append(optimizer.step(closure).item())
        if scheduler: scheduler.step()
    assert losses[-1] < 0.5 * losses[0], f"{path}: the loss went from {losses[0]} to {losses[-1]}"
    print(f"{path}: the loss went from {losses[0]:.3f} to {losses[-1]:.3f} in {len(losses)} steps")


def trainings(runs):
    torch.manual_seed(0)
    labels = torch.arange(60) % 10
    images = torch.rand(10, 1, 8, 8)[labels] + 0.1 * torch.randn(60, 1, 8, 8)  # ten patterns with noise
    for run in ("mnist", "mnist-1000", "general"):
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 20), torch.nn.Sigmoid(),
                                    torch.nn.Linear(20, 10))
        train(f"{runs}/{run}/optimizer.safetensors", model, model.parameters(), images, labels, run == "general")
    convolutions = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(),
                                       torch.nn.MaxPool2d(2), torch.nn.Flatten())
    others = torch.nn.Linear(128, 10)
    groups = [{"params": convolutions.parameters(), "group": "conv"}, {"params": others.parameters(), "group": "fc"}]
    train(f"{runs}/cifar10/optimizer.safetensors", torch.nn.Sequential(convolutions, others), groups, images, labels)


def refused(path, pattern, content=None, groups=None):
    if content is not None:
        path = "damaged.safetensors"
        with open(path, "wb") as file: file.write(content)
    try:
        LearnedOptimizer(groups or [torch.nn.Parameter(torch.zeros(2))], path)
    except ValueError as error:
        text = str(error)
        one_line = "\n" not in text and text.startswith(path + ": ")
        assert one_line and re.search(pattern, text), f"not '{pattern}': {text}"
    else:
        raise AssertionError(f"{path} was not refused: {pattern}")


def refusals(path):
    """`path`: a checkpoint of two groups."""
    with open(path, "rb") as file: sound = file.read()
    size = struct.unpack("<Q", sound[:8])[0]
    header, data = json.loads(sound[8:8 + size]), sound[8 + size:]
    del header["__metadata__"]["checksum"]
    p = torch.nn.Parameter(torch.zeros(2))
    both = lambda: [{"params": [torch.nn.Parameter(torch.zeros(2))], "group": group} for group in ("conv", "fc")]

    def edited(entry, data=data, **changes):  # None takes something away
        copy = json.loads(json.dumps(header))
        for name, value in changes.items(): copy[entry][name] = value
        copy[entry] = {name: value for name, value in copy[entry].items() if value is not None}
        text = json.dumps(copy).encode()
        return struct.pack("<Q", len(text)) + text + data

    def with_metadata(**changes):  # of the group fc, by fc_NAME
        return edited("__metadata__", **{name.replace("fc_", "fc."): value for name, value in changes.items()})

    LearnedOptimizer(both(), path)
    refused(path, "for the groups .*'conv', 'fc'.*''")
    refused(path, "'conv', 'fc'", groups=both()[:1])
    refused(path, "'conv', 'fc'", groups=both() + [{"params": [p], "group": "norm"}])
    middle = len(sound) // 2
    refused(path, "checksum", sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1:])
    refused(path, "checksum", sound[:-4])
    for length in (0, 7, 8, 100): refused(path, "not a trained optimizer, or damaged", sound[:length])
    refused(path, "not a trained optimizer, or damaged", b"\xff" * 64)
    refused(path, "Error", struct.pack("<Q", 2) + b"[]")
    refused(path, "format", with_metadata(format="l2l learned optimizer 2"))
    refused(path, "KeyError: 'groups|no model", with_metadata(groups=None))
    refused(path, "wavelets", with_metadata(fc_preprocess="wavelets"))
    refused(path, "sideways", with_metadata(fc_proposal="sideways"))
    refused(path, "fc.*'rule': 'adam'", with_metadata(fc_preprocess=None, fc_rule="adam"))
    refused(path, "twenty", with_metadata(fc_hidden="twenty"))
    refused(path, "cannot be right", with_metadata(fc_layers="999999999"))
    refused(path, "cannot be right", with_metadata(fc_output_scale="nan"))
    refused(path, "fc.lstm.weight_ih_l2", with_metadata(fc_layers="3"))
    weights = "conv.lstm.weight_ih_l0"
    refused(path, "right shape: .*" + weights, edited(weights, shape=[2, 80]))
    refused(path, "shape", edited(weights, shape=[80, 3]))
    refused(path, "F16", edited(weights, dtype="F16"))
    refused(path, "Error", edited(weights, data_offsets=[0, 10**9]))
    refused(path, "not finite", edited(weights, data=data[:-80] + b"\xff" * 80))
    print("damaged checkpoints are refused")


trained, steps = sys.argv[1], sys.argv[2:]
for file in sorted(glob.glob(f"{trained}/*/probe_updates.csv")): probed(os.path.dirname(file))
for folder in steps:
    for file in sorted(glob.glob(f"{folder}/*.steps.safetensors")): stepped(file.removesuffix(".steps.safetensors"))
trainings(trained)
refusals(f"{trained}/cifar10/optimizer.safetensors")
