"""What the toy room says about input that cannot be right: what was expected, what was found, what to do."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

PerFeature = float | Sequence[float] | Tensor
"""A number for all features, or anything that torch broadcasts to `[n_instances, n_features]`."""


def whole_number(name: str, value: object, *, at_least: int = 1) -> int:
    """`value` if it is a whole number of at least `at_least`.

    Raises TypeError for what is no whole number, ValueError for one that is too small.

    >>> whole_number("n_features", 5)
    5
    >>> whole_number("n_hidden", 0)
    Traceback (most recent call last):
        ...
    ValueError: n_hidden must be at least 1, but it is 0; give a larger number.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, but it is {value!r}; give an int.")
    if value < at_least:
        raise ValueError(f"{name} must be at least {at_least}, but it is {value}; give a larger number.")
    return value


def positive(name: str, value: float) -> float:
    """`value` if it is a finite number above zero; ValueError otherwise.

    >>> positive("learning_rate", 0.0)
    Traceback (most recent call last):
        ...
    ValueError: learning_rate must be a finite number above 0, but it is 0.0; give a positive number.
    """
    if not 0 < value < float("inf"):
        raise ValueError(
            f"{name} must be a finite number above 0, but it is {value!r}; give a positive number."
        )
    return float(value)


def one_of(name: str, value: str, choices: Sequence[str]) -> str:
    """`value` if it is one of `choices`; ValueError otherwise.

    >>> one_of("schedule", "linear", ("cosine", "constant"))
    Traceback (most recent call last):
        ...
    ValueError: schedule must be one of 'cosine', 'constant', but it is 'linear'; choose one of these.
    """
    if value not in choices:
        expected = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be one of {expected}, but it is {value!r}; choose one of these.")
    return value


def per_feature(
    name: str, value: PerFeature, n_instances: int, n_features: int, device: torch.device | str
) -> Float[Tensor, "n_instances n_features"]:
    """`value` as a float tensor of shape `[n_instances, n_features]` on `device`.

    A number, or a sequence or tensor that torch broadcasts to that shape: `[n_features]` for each feature,
    `[n_instances, 1]` for each instance. Raises ValueError for another shape, another device, NaN or
    infinity.

    >>> per_feature("importance", [1.0, 0.5], 2, 2, "cpu")
    tensor([[1.0000, 0.5000],
            [1.0000, 0.5000]])
    """
    tensor = torch.as_tensor(value)
    if isinstance(value, Tensor) and value.dim() > 0 and value.device.type != torch.device(device).type:
        raise ValueError(
            f"{name} must be on the model's device {device}, but it is on {value.device}; "
            "move it there with .to(...)."
        )
    if tensor.is_complex() or tensor.dtype is torch.bool:
        raise TypeError(f"{name} must hold real numbers, but its dtype is {tensor.dtype}; give floats.")
    tensor = tensor.detach().to(device=device, dtype=torch.float32)
    wanted = (n_instances, n_features)
    try:
        tensor = tensor.expand(wanted).clone()
    except RuntimeError:
        raise ValueError(
            f"{name} must be a number or broadcast to [n_instances, n_features] = {list(wanted)}, "
            f"but its shape is {list(tensor.shape)}; "
            "use [n_features] for each feature or [n_instances, 1] for each instance."
        ) from None
    if tensor.device.type != "meta" and not bool(torch.isfinite(tensor).all()):
        raise ValueError(f"{name} must be finite, but it holds NaN or infinity; look at how it was computed.")
    return tensor


def probabilities(
    name: str, value: PerFeature, n_instances: int, n_features: int, device: torch.device | str
) -> Float[Tensor, "n_instances n_features"]:
    """Like `per_feature`, for numbers above 0 and at most 1; ValueError otherwise.

    >>> probabilities("feature_probability", torch.tensor([[1.0], [0.5]]), 2, 3, "cpu")  # one for each instance
    tensor([[1.0000, 1.0000, 1.0000],
            [0.5000, 0.5000, 0.5000]])
    """
    tensor = per_feature(name, value, n_instances, n_features, device)
    if bool(((tensor <= 0) | (tensor > 1)).any()):
        wrong = tensor[(tensor <= 0) | (tensor > 1)][0].item()
        raise ValueError(
            f"{name} must be above 0 and at most 1, but it holds {wrong:g}; density 1 means always active."
        )
    return tensor


def importances(
    name: str, value: PerFeature, n_instances: int, n_features: int, device: torch.device | str
) -> Float[Tensor, "n_instances n_features"]:
    """Like `per_feature`, for numbers of at least 0; ValueError otherwise.

    >>> importances("importance", [1.0, -1.0], 1, 2, "cpu")
    Traceback (most recent call last):
        ...
    ValueError: importance must be at least 0, but it holds -1; a feature of importance 0 does not count.
    """
    tensor = per_feature(name, value, n_instances, n_features, device)
    if bool((tensor < 0).any()):
        wrong = tensor[tensor < 0][0].item()
        raise ValueError(
            f"{name} must be at least 0, but it holds {wrong:g}; a feature of importance 0 does not count."
        )
    return tensor


def batch_for(x: Tensor, n_instances: int, n_features: int, device: torch.device) -> None:
    """ValueError unless `x` is `[n_instances, batch, n_features]` on `device`, TypeError unless it holds floats.

    >>> batch_for(torch.rand(2, 10, 5), 2, 5, torch.device("cpu"))
    >>> batch_for(torch.rand(10, 5), 2, 5, torch.device("cpu"))
    Traceback (most recent call last):
        ...
    ValueError: x must be [n_instances, batch, n_features] = [2, batch, 5], but its shape is [10, 5]; give one batch for each instance.
    """
    if x.dim() != 3 or x.shape[0] != n_instances or x.shape[2] != n_features:
        raise ValueError(
            f"x must be [n_instances, batch, n_features] = [{n_instances}, batch, {n_features}], "
            f"but its shape is {list(x.shape)}; give one batch for each instance."
        )
    if not x.is_floating_point():
        raise TypeError(f"x must hold floats, but its dtype is {x.dtype}; convert it with .float().")
    if x.device != device:
        raise ValueError(
            f"x must be on the model's device {device}, but it is on {x.device}; move it with .to(...)."
        )
