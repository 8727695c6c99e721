"""A network of the zoo on torch, measured on request.

Reads a configuration (a line of JSON: layers, optimiser, formats, where the batches lie), answers with versions and
variants; then, for every {"variant": name, "steps": n}, trains n steps and answers with the seconds that they took.

Variants: float32 in both memory layouts, and `fixed`, which simulates 16-bit fixed point with stochastic rounding as
research code does: every tensor stays float32 and is rounded to its format after each product and in the update.
"""
import ctypes
import json
import math
import re
import signal
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Grid:
    """A fixed-point format <il, fl> as a grid of float32 values."""

    def __init__(self, il, fl):
        self.scale = 2.0**fl
        self.low = -(2.0 ** (il + fl - 1))
        self.high = -self.low - 1

    def round(self, values):
        """Stochastic rounding: scale, add a number from [0, 1), floor, clamp, scale back; one pass each."""
        noisy = torch.rand_like(values).add_(values, alpha=self.scale)
        return noisy.floor_().clamp_(self.low, self.high).mul_(1 / self.scale)


class Rounded(torch.autograd.Function):
    """Rounds activations on the way forward and errors on the way back."""

    @staticmethod
    def forward(ctx, values, activation, error):
        ctx.error = error
        return activation.round(values)

    @staticmethod
    def backward(ctx, gradient):
        return ctx.error.round(gradient), None, None


class Rounding(nn.Module):
    def __init__(self, activation, error):
        super().__init__()
        self.grids = (activation, error)

    def forward(self, values):
        return Rounded.apply(values, *self.grids)


def build(layers, shape, grids):
    """The layers of a Fewbit configuration as a module; with `grids` every product is followed by a rounding."""
    modules = []
    height, width, channels = shape
    size = None
    for layer in layers:
        if layer["type"] == "conv2d":
            kernel, padding = layer["kernel"], layer.get("padding", 0)
            modules.append(nn.Conv2d(channels, layer["channels"], kernel, padding=padding))
            channels = layer["channels"]
            height, width = (side + 2 * padding - kernel + 1 for side in (height, width))
        elif layer["type"] == "maxPool":
            kernel = layer["kernel"]
            stride = layer.get("stride", kernel)
            modules.append(nn.MaxPool2d(kernel, stride, ceil_mode=True))
            height, width = (math.ceil((side - kernel) / stride) + 1 for side in (height, width))
        else:
            if size is None:
                modules.append(nn.Flatten())
                size = height * width * channels
            modules.append(nn.Linear(size, layer["units"]))
            size = layer["units"]
        if grids and layer["type"] != "maxPool":
            modules.append(Rounding(grids["activation"], grids["error"]))
        if layer.get("activation") == "relu":
            modules.append(nn.ReLU(inplace=True))
    return nn.Sequential(*modules)


def initialise(model, deviation):
    for module in model:
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            if deviation is None:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            else:
                nn.init.normal_(module.weight, std=deviation)
            nn.init.zeros_(module.bias)


class Float32:
    """Training in float32; `layout` is the memory format of images."""

    def __init__(self, setup, batches, layout):
        self.model = build(setup["layers"], setup["shape"], None).to(memory_format=layout)
        initialise(self.model, setup["deviation"])
        self.batches = [(images.contiguous(memory_format=layout), labels) for images, labels in batches]
        self.optimizer = torch.optim.SGD(
            self.model.parameters(),
            lr=setup["learningRate"],
            momentum=setup["momentum"],
            weight_decay=setup["weightDecay"],
        )

    def step(self, number):
        images, labels = self.batches[number % len(self.batches)]
        self.optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(self.model(images), labels).backward()
        self.optimizer.step()


class Fixed:
    """Training in simulated fixed point: every product, gradient, update and weight is rounded to its format."""

    def __init__(self, setup, batches):
        self.grids = {role: Grid(*format) for role, format in setup["formats"].items()}
        self.setup = setup
        self.model = build(setup["layers"], setup["shape"], self.grids)
        initialise(self.model, setup["deviation"])
        self.batches = [(self.grids["activation"].round(images), labels) for images, labels in batches]
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.copy_(self.weight_grid(name).round(parameter))
        self.updates = {name: torch.zeros_like(p) for name, p in self.model.named_parameters()}

    def weight_grid(self, name):
        return self.grids["bias" if name.endswith("bias") else "weight"]

    def step(self, number):
        images, labels = self.batches[number % len(self.batches)]
        self.model.zero_grad(set_to_none=True)
        functional.cross_entropy(self.model(images), labels).backward()
        rate, momentum, decay = (self.setup[key] for key in ("learningRate", "momentum", "weightDecay"))
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                gradient = self.grids["gradient"].round(parameter.grad)
                update = self.updates[name].mul_(momentum).sub_(gradient, alpha=rate)
                if decay != 0:
                    update.sub_(parameter, alpha=rate * decay)
                self.updates[name] = self.grids["update"].round(update)
                parameter.copy_(self.weight_grid(name).round(parameter + self.updates[name]))


def read_batches(setup):
    """Batches from the file: float32 images in NHWC, all of them, then int32 labels."""
    batch, count = setup["batch"], setup["batches"]
    height, width, channels = setup["shape"]
    with open(setup["data"], "rb") as file:
        contents = bytearray(file.read())
    pixels = count * batch * height * width * channels
    images = torch.frombuffer(contents, dtype=torch.float32, count=pixels)
    labels = torch.frombuffer(contents, dtype=torch.int32, offset=4 * pixels).long()
    images = images.view(count, batch, height, width, channels).permute(0, 1, 4, 2, 3).contiguous()
    return list(zip(images, labels.view(count, batch)))


def blas():
    """The library that makes torch's matrix products, as far as the process's own memory map tells."""
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            paths = sorted(set(re.findall(r"/\S*(?:blas|mkl)\S*\.so\S*", maps.read())))
    except OSError:
        return "unknown"
    for path in paths:
        try:
            describe = ctypes.CDLL(path).openblas_get_config
        except (OSError, AttributeError):
            continue
        describe.restype = ctypes.c_char_p
        return describe().decode()
    return ", ".join(paths) or torch.__config__.show()


def main():
    # Ctrl-C is for the benchmark, which ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setup = json.loads(sys.stdin.readline())
    torch.manual_seed(1)
    torch.set_num_threads(setup["threads"])
    torch.set_flush_denormal(True)
    batches = read_batches(setup)
    variants = {"float32": Float32(setup, batches, torch.contiguous_format)}
    if any(layer["type"] == "conv2d" for layer in setup["layers"]):
        variants["float32, channels last"] = Float32(setup, batches, torch.channels_last)
    variants["fixed"] = Fixed(setup, batches)
    capability = re.search(r"CPU capability usage: (\w+)", torch.__config__.show())
    hello = {
        "version": f"{torch.__version__} ({capability[1] if capability else 'unknown capability'})",
        "blas": blas(),
        "variants": list(variants),
    }
    print(json.dumps(hello), flush=True)
    number = 0
    for line in sys.stdin:
        request = json.loads(line)
        variant = variants[request["variant"]]
        start = time.perf_counter()
        for _ in range(request["steps"]):
            variant.step(number)
            number += 1
        print(json.dumps(time.perf_counter() - start), flush=True)


main()
