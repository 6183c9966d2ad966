"""Bad input is one sentence: what was expected, what was found, what to do."""

import re
import subprocess
import sys

import pytest

CASES = {
    "no features": ("ToyModel(0, 2)", "n_features must be at least 1, but it is 0"),
    "hidden size 0": ("ToyModel(5, 0)", "n_hidden must be at least 1, but it is 0"),
    "no instances": ("ToyModel(5, 2, n_instances=0)", "n_instances must be at least 1, but it is 0"),
    "half a feature": ("ToyModel(2.5, 2)", "n_features must be a whole number, but it is 2.5"),
    "a yes for a size": ("ToyModel(True, 2)", "n_features must be a whole number, but it is True"),
    "probability 0": (
        "ToyModel(5, 2, feature_probability=0.0)",
        "feature_probability must be above 0 and at most 1, but it holds 0",
    ),
    "probability above 1": (
        "ToyModel(5, 2, feature_probability=1.5)",
        "above 0 and at most 1, but it holds 1.5",
    ),
    "NaN probability": (
        "ToyModel(5, 2, feature_probability=float('nan'))",
        "feature_probability must be finite",
    ),
    "NaN importance": (
        "ToyModel(5, 2, importance=torch.tensor([1, nan, 1, 1, 1]))",
        "importance must be finite, but it holds NaN",
    ),
    "infinite importance": ("ToyModel(5, 2, importance=float('inf'))", "importance must be finite"),
    "negative importance": (
        "ToyModel(5, 2, importance=-1.0)",
        "importance must be at least 0, but it holds -1",
    ),
    "importance of another length": (
        "ToyModel(5, 2, n_instances=3, importance=torch.ones(4))",
        "importance must be a number or broadcast to [n_instances, n_features] = [3, 5], but its shape is [4]",
    ),
    "complex importance": (
        "ToyModel(2, 1, importance=torch.ones(2) * 1j)",
        "importance must hold real numbers",
    ),
    "importance elsewhere": (
        "ToyModel(5, 2, importance=torch.ones(5, device='meta'))",
        "model's device cpu, but it is on meta",
    ),
    "unknown activation": (
        "ToyModel(5, 2, activation='tanh')",
        "activation must be one of 'relu', 'linear', but it is 'tanh'",
    ),
    "batch without instances": (
        "ToyModel(5, 2)(torch.zeros(7, 5))",
        "x must be [n_instances, batch, n_features] = [1, batch, 5], but its shape is [7, 5]",
    ),
    "batch for other features": (
        "ToyModel(5, 2).loss_and_gradients(torch.zeros(1, 7, 4))",
        "but its shape is [1, 7, 4]",
    ),
    "batch of whole numbers": (
        "ToyModel(5, 2)(torch.zeros(1, 7, 5, dtype=torch.long))",
        "x must hold floats, but its dtype is torch.int64",
    ),
    "batch elsewhere": (
        "ToyModel(5, 2)(torch.zeros(1, 7, 5, device='meta'))",
        "x must be on the model's device cpu, but it is on meta",
    ),
    "no steps": ("train(ToyModel(5, 2), steps=0)", "steps must be at least 1, but it is 0"),
    "no batch": ("train(ToyModel(5, 2), batch_size=0)", "batch_size must be at least 1, but it is 0"),
    "negative learning rate": (
        "train(ToyModel(5, 2), learning_rate=-0.1)",
        "learning_rate must be a finite number above 0, but it is -0.1",
    ),
    "NaN learning rate": (
        "train(ToyModel(5, 2), learning_rate=float('nan'))",
        "learning_rate must be a finite number above 0",
    ),
    "unknown schedule": (
        "train(ToyModel(5, 2), schedule='sawtooth')",
        "schedule must be one of 'cosine', 'constant', but it is 'sawtooth'",
    ),
    "no samples": ("evaluate(ToyModel(5, 2), n_samples=0)", "n_samples must be at least 1, but it is 0"),
    "probabilities without instances": (
        "feature_batch(torch.ones(5), 3, generator=torch.Generator())",
        "feature_probability must be [n_instances, n_features], but its shape is [5]",
    ),
    "a vector for a matrix": (
        "feature_norms(torch.ones(5))",
        "W must be [n_hidden, n_features] or a stack of these, but its shape is [5]",
    ),
    "a space for a plane": (
        "neighbour_angles(torch.ones(3, 5))",
        "W must be [2, n_features], but its shape is [3, 5]",
    ),
    "a vector for neurons": (
        "features_per_neuron(torch.ones(3))",
        "W1 must be [n_hidden, n_features] or a stack of these, but its shape is [3]",
    ),
    "neurons without features": ("HiddenReLU(0, 2)", "n_features must be at least 1, but it is 0"),
    "no neurons": ("AbsoluteValue(5, 0)", "n_hidden must be at least 1, but it is 0"),
    "a batch for other neurons": (
        "AbsoluteValue(5, 2).loss_and_gradients(torch.zeros(1, 7, 4))",
        "x must be [n_instances, batch, n_features] = [1, batch, 5], but its shape is [1, 7, 4]",
    ),
    "no examples": ("unit_examples(0)", "n_examples must be at least 1, but it is 0"),
    "examples that are never there": (
        "unit_examples(3, feature_probability=0.0)",
        "feature_probability must be above 0 and at most 1, but it holds 0",
    ),
    "an example for a matrix": (
        "fit_examples(torch.ones(5))",
        "x must be a matrix [n_examples, n_features] of finite numbers, but its shape is [5]",
    ),
    "NaN examples": (
        "fit_examples(torch.full((2, 3), nan))",
        "x must be a matrix [n_examples, n_features] of finite numbers",
    ),
    "fitting for no step": ("fit_examples(torch.eye(3), steps=0)", "steps must be at least 1, but it is 0"),
    "a vector for D*": (
        "dimensions_per_feature(torch.ones(5))",
        "W must be [n_hidden, n_features] or a stack of these, but its shape is [5]",
    ),
    "an attack without size": (
        "attacks(torch.ones(2, 5), 0.0)",
        "size must be a finite number above 0, but it is 0.0",
    ),
    "an attack on many models": (
        "attacks(torch.ones(3, 2, 5), 1.0)",
        "W must be [n_hidden, n_features], but its shape is [3, 2, 5]",
    ),
    "pushes of other features": (
        "damage(torch.ones(3, 5), torch.ones(3, 4), torch.ones(2, 5), torch.ones(5))",
        "with n_features = 5, but their shapes are [3, 5] and [3, 4]",
    ),
    "more hidden than features": (
        "without_superposition(3, 4, 0.5)",
        "n_hidden must be at most n_features = 3, but it is 4",
    ),
    "an impossible probability": (
        "without_superposition(3, 2, 1.5)",
        "feature_probability must be above 0 and at most 1, but it is 1.5",
    ),
    "a loss of another length": (
        "jumps(torch.ones(3), torch.ones(4, 5), 0.1)",
        "loss must be [n_records] and D [n_records, n_features], but their shapes are [3] and [4, 5]",
    ),
    "a drop of nothing": (
        "jumps(torch.ones(3), torch.ones(3, 5), 0.0)",
        "drop must be a finite number above 0, but it is 0.0",
    ),
    "negative seed": ("ToyModel(5, 2, seed=-1)", "seed must be at least 0, but it is -1"),
}

# Outside pytest: here the shapes in the signatures are enforced and would speak first; for a learner they are not.
SCRIPT = """
import json, sys, torch
from math import nan
from mechint_course.toy import *
found = {}
for name, code in json.load(sys.stdin).items():
    try:
        eval(code)
    except (TypeError, ValueError) as error:
        found[name] = f"{type(error).__name__}: {error}"
print(json.dumps([found, sorted(sys.modules)]))
"""


@pytest.fixture(scope="module")
def outside():
    import json

    asked = json.dumps({name: code for name, (code, _) in CASES.items()})
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=asked, capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_named_in_one_sentence(name, outside):
    said = outside[0].get(name)
    assert said is not None, "nothing was raised"
    assert CASES[name][1] in said
    assert "\n" not in said and re.search(r"[;.]", said.split(": ", 1)[1])


def test_toy_imports_neither_transformer_lens_nor_matplotlib_nor_jupyter(outside):
    roots = {module.partition(".")[0] for module in outside[1]}
    assert "torch" in roots
    assert not roots & {
        "transformer_lens",
        "transformers",
        "matplotlib",
        "jupyterlab",
        "ipywidgets",
        "IPython",
    }
