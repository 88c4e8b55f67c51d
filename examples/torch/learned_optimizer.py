"""A trained optimizer of this project in PyTorch: the same model in a second language.

    opt = LearnedOptimizer(model.parameters(), "examples/trained/general/optimizer.safetensors")
    opt.zero_grad(); loss(model(x), y).backward(); opt.step()  # for each minibatch; there is no learning rate to find

Every element of every parameter is a coordinate. A model m proposes its update u from its gradient ∇ and its state z,
with weights φ that all coordinates share: θ ← θ + u, (u, z) = m(∇, z, φ). optim/learned/README.md explains it."""
import json, math, torch, zlib

def read_safetensors(path):
    """Metadata, and tensors by name. 8 bytes for n, n bytes of JSON, the numbers (nn/files/safetensors.cpp)."""
    with open(path, "rb") as file: content = bytearray(file.read())
    start = 8 + int.from_bytes(content[:8], "little")
    header, data, tensors = json.loads(content[8:start]), content[start:], {}
    metadata = header.pop("__metadata__", {})
    if seal := metadata.get("checksum"):  # of the whole file, with zeros for its own digits (nn/files/checksum.h)
        zeroed = content.replace(seal.encode(), b"crc32:00000000", 1)
        if seal != f"crc32:{zlib.crc32(zeroed):08x}": raise ValueError("its checksum does not match")
    for name, entry in header.items():
        (begin, end), dtype = entry["data_offsets"], {"F32": torch.float32, "F64": torch.float64}[entry["dtype"]]
        tensors[name] = torch.frombuffer(data[begin:end], dtype=dtype).reshape(entry["shape"])  # or an error
    return metadata, tensors

def orthogonalize(X):
    """U S Vᵀ → √max(rows, columns) U S' Vᵀ, with S' about 1, by a Newton-Schulz iteration (optim/orthogonalize.h)."""
    if X.shape[0] > X.shape[1]: return orthogonalize(X.T).T
    X = X / X.norm() if X.norm() > 0 else X
    for _ in range(5): X = 3.4445 * X + (-4.7750 * (gram := X @ X.T) + 2.0315 * gram @ gram) @ X
    return math.sqrt(X.shape[1]) * X

class CoordinateModel:
    """m: features → dense layers → LSTM → proposal (optim/learned/coordinate_model.h)."""
    FEATURES = {"none": 1, "rescale": 1, "log": 2, "moments": 2, "timescales": 5, "orthogonal": 8}  # how many
    DIRECTION = {"moments": 1, "timescales": 2, "orthogonal": 5}  # which of them is a step of size 1

    def __init__(self, metadata, tensors, prefix):
        config = {key.removeprefix(prefix): text for key, text in metadata.items() if key.startswith(prefix)}
        self.preprocess, self.proposal = config.get("preprocess"), config.get("proposal", "scaled")
        if self.preprocess not in self.FEATURES or self.proposal not in ("scaled", "squashed", "anchored"):
            raise ValueError(f"no model that is known here: {prefix}{config}")  # but a rule for a group, say
        self.parameter, self.scale = float(config["preprocess_parameter"]), float(config["output_scale"])
        self.rate, self.decay = float(config.get("rate", 0)), float(config.get("decay", 0))
        self.layers, self.dense, self.hidden = int(config["layers"]), int(config.get("dense", 0)), int(config["hidden"])
        if not math.isfinite(self.parameter + self.scale + self.rate + self.decay) or self.layers + self.dense > 32:
            raise ValueError(f"settings that cannot be right: {config}")
        F, H, O = self.FEATURES[self.preprocess], self.hidden, 2 if self.proposal == "anchored" else 1
        shapes = {"output.weight": (O, H), "output.bias": (O,)}
        for k in range(self.dense): shapes |= {f"dense.weight_l{k}": (H, H if k else F), f"dense.bias_l{k}": (H,)}
        for k in range(self.layers):
            shapes |= {f"lstm.weight_ih_l{k}": (4 * H, H if k or self.dense else F),
                       f"lstm.weight_hh_l{k}": (4 * H, H), f"lstm.bias_l{k}": (4 * H,)}
        self.phi = {name: tensors[prefix + name] for name in shapes}
        wrong = [prefix + name for name, w in self.phi.items() if w.shape != shapes[name] or not w.isfinite().all()]
        if wrong: raise ValueError(f"not finite, or not of the right shape: {wrong}")

    def features(self, gradient, s, linear_map):
        """What m sees: [features, n]. s: what is kept of the gradients before (preprocess.h, parameter_features.h)."""
        def average(name, x, beta):  # a moving average, without its bias towards zero
            s[name] = beta * s.get(name, 0) + (1 - beta) * x
            return s[name] / (1 - beta ** (s["t"] + 1))
        kind, p, g, s["t"] = self.preprocess, self.parameter, gradient.reshape(-1), s.get("t", -1) + 1
        if kind in ("none", "rescale"): return g[None] * (p if kind == "rescale" else 1)
        if kind == "log":
            small = g.abs() < (threshold := math.exp(-min(p, 103)))  # above 0 in float too
            return torch.stack([(g.abs().log() / p).masked_fill(small, -1), g.sign().where(~small, g / threshold)])
        betas = [p] if kind == "moments" else [0.5, 0.9, 0.99]
        r = 1 / (average("v", g * g, betas[-1]).sqrt() + 1e-8)
        x = [g * r] + [average(f"m{beta}", g, beta) * r for beta in betas]
        if kind != "moments": x.append(torch.full_like(g, math.log10(1 + s["t"]) / 3))  # the clock
        if kind == "orthogonal":  # Muon's step, with a momentum that grows; and whether successive gradients agree
            beta, m = max(0, 1 - 0.1 * (1000 / (1 + s["t"])) ** p), s.get("momentum", torch.zeros_like(g))
            s["rho"] = 0.9 * s.get("rho", 0) + 0.1 * float(torch.cosine_similarity(g.double(), m.double(), 0, 1e-150))
            s["momentum"] = m = beta * m + (1 - beta) * g
            s["zeros"] = beta * s.get("zeros", 1)  # what the zeros at the start still count in m
            if linear_map: d = orthogonalize((beta * m + (1 - beta) * g).reshape(len(gradient), -1)).reshape(-1)
            else: d = m / (1 - s["zeros"]) * r
            x += [d, torch.full_like(g, linear_map), torch.full_like(g, s["rho"])]
        return torch.stack(x)

    def __call__(self, features, s):
        """features [F, n] → u [n]. The batch is the coordinates, a column each. s["z"]: h and c of each LSTM layer."""
        x, phi = features, {name: w.to(features).reshape(len(w), -1) for name, w in self.phi.items()}
        z = s.setdefault("z", [(x.new_zeros(self.hidden, x.shape[1]),) * 2] * self.layers)
        for k in range(self.dense):  # nn/perceptron.cpp
            x = torch.nn.functional.elu(phi[f"dense.weight_l{k}"] @ x + phi[f"dense.bias_l{k}"])
        for k, (h, c) in enumerate(z):  # nn/lstm.h: gates in the order i, f, g, o
            W, U, b = (phi[f"lstm.{name}_l{k}"] for name in ("weight_ih", "weight_hh", "bias"))
            i, f, g, o = (W @ x + U @ h + b).chunk(4)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            x = o.sigmoid() * c.tanh()
            z[k] = x, c
        o = phi["output.weight"] @ x + phi["output.bias"]  # proposal.h: what becomes of the output
        if self.proposal != "anchored": return self.scale * (o[0].tanh() if self.proposal == "squashed" else o[0])
        d = features[self.DIRECTION[self.preprocess]]
        return (1 + s["t"]) ** -self.decay * (-self.rate * (3 * (o[0] / 3).tanh()).exp() * d - self.scale * o[1].tanh())

class LearnedOptimizer(torch.optim.Optimizer):
    """The optimizer in a checkpoint. One with a model for each group of parameters (optim/groups.h) is told which is
    whose: [{"params": convolutions, "group": "conv"}, {"params": others, "group": "fc"}]. Tensors of two dimensions or
    more are linear maps (nn/layout.h) unless their group has "linear_map": False. "lr" is a factor of all updates."""

    def __init__(self, params, path):
        try:
            metadata, tensors = read_safetensors(path)
            if metadata.get("format") != "l2l learned optimizer 1": raise ValueError("no format in its metadata")
            names = metadata.get("groups", "").split(",")  # "" is all of θ
            self.models = {name: CoordinateModel(metadata, tensors, name + "." if name else "") for name in names}
        except (LookupError, TypeError, AttributeError, ValueError, RuntimeError) as error:
            raise ValueError(f"{path}: not a trained optimizer, or damaged: {type(error).__name__}: {error}") from None
        super().__init__(params, dict(group="", linear_map=True, lr=1.0))
        found = {group["group"] for group in self.param_groups}
        if names != [""] and found != set(names): raise ValueError(f"{path}: for the groups {names}, there are {found}")

    @torch.no_grad()
    def step(self, closure=None):
        with torch.enable_grad(): loss = closure() if closure else None
        for group, p in ((group, p) for group in self.param_groups for p in group["params"] if p.grad is not None):
            m, s = self.models.get("") or self.models[group["group"]], self.state[p]
            p += group["lr"] * m(m.features(p.grad, s, group["linear_map"] and p.dim() > 1), s).reshape(p.shape)
        return loss
