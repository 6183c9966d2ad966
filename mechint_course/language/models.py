"""The one-layer language models: built with TransformerLens, kept as fp16 safetensors beside a config, loaded with every check."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mechint_course.language.cache import write_whole
from mechint_course.resources import data_folder, replace_file

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import PreTrainedTokenizerFast

ACTIVATION_HOOK = "blocks.0.mlp.hook_post"
"""Where the MLP's activations are: after the ReLU, [batch, n_ctx, d_mlp]."""

WEIGHTS, CONFIG = "model.safetensors", "config.json"
_LARGEST_FILE = 200_000_000


@dataclass(frozen=True)
class Shape:
    """The sizes of a one-layer model; the default is the transformer of Bricken et al. 2023 (appendix), on a small vocabulary.

    Raises ValueError where a size is no whole number from 1 to 1,000,000, or d_model no multiple of the heads.

    >>> Shape(d_model=10, n_heads=4)
    Traceback (most recent call last):
        ...
    ValueError: Expected d_model to be a multiple of n_heads, found 10 and 4.
    """

    d_vocab: int = 2048
    n_ctx: int = 128
    d_model: int = 128
    n_heads: int = 4
    d_mlp: int = 512

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, int) or not 0 < value <= 1_000_000:
                raise ValueError(f"Expected {name} to be a positive whole number, found {value!r}.")
        if self.d_model % self.n_heads:
            raise ValueError(
                f"Expected d_model to be a multiple of n_heads, found {self.d_model} and {self.n_heads}."
            )


def new_model(
    shape: Shape, *, seed: int, tokenizer: "PreTrainedTokenizerFast | None" = None
) -> "TransformerBridge":
    """An untrained model: one layer, LayerNorm, ReLU, its weights drawn by `seed`."""
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    config = TransformerBridgeConfig(
        n_layers=1,
        d_model=shape.d_model,
        n_heads=shape.n_heads,
        d_head=shape.d_model // shape.n_heads,
        d_mlp=shape.d_mlp,
        n_ctx=shape.n_ctx,
        d_vocab=shape.d_vocab,
        act_fn="relu",
        normalization_type="LN",
        seed=seed,
    )
    model: TransformerBridge = TransformerBridge.boot_native(config, tokenizer=tokenizer)
    return model.eval()


def parameters_of(model: "TransformerBridge") -> dict[str, Tensor]:
    """The model's own parameters under their short names: `tok_embed.weight`, `layers.0.mlp.fc_in.weight`, ...

    >>> parameters_of(load_model("tiny"))["layers.0.mlp.fc_in.weight"].shape  # [d_mlp, d_model]
    torch.Size([20, 12])
    """
    return {name.replace("._original_component", ""): value for name, value in model.named_parameters()}


def set_parameters(model: "TransformerBridge", values: Mapping[str, Tensor], *, source: str) -> None:
    """Copies values into the model; a ValueError names the source, what was expected and what was found."""
    own = parameters_of(model)
    if missing := sorted(own.keys() - values.keys()):
        raise ValueError(
            f"{source}: expected the tensors of a one-layer model, found none called {missing[0]!r}."
        )
    if extra := sorted(values.keys() - own.keys()):
        raise ValueError(
            f"{source}: expected the tensors of a one-layer model, found one more called {extra[0]!r}."
        )
    for name, target in own.items():
        value = values[name]
        if value.shape != target.shape:
            raise ValueError(
                f"{source}: expected {name} of shape {list(target.shape)}, found {list(value.shape)}."
            )
        if not value.is_floating_point():
            raise ValueError(
                f"{source}: expected {name} to hold floating-point numbers, found {value.dtype}."
            )
        if not torch.isfinite(value).all():
            bad = int((~torch.isfinite(value)).sum())
            raise ValueError(
                f"{source}: expected finite numbers in {name}, found {bad} that are NaN or infinite."
            )
    with torch.no_grad():
        for name, target in own.items():
            target.copy_(values[name])


def save_model(
    model: "TransformerBridge", folder: Path, *, shape: Shape, notes: Mapping[str, object]
) -> None:
    """Writes `model.safetensors` (fp16) and `config.json`; each is replaced whole, so a failure leaves the old file.

    The folder is made where it is missing. `notes` go into the config beside the sizes. Raises ValueError where a
    weight is NaN or too large for 16 bits.

    >>> import tempfile
    >>> from mechint_course.language.tiny import TINY_SHAPE
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(load_model("tiny"), Path(folder), shape=TINY_SHAPE, notes={"seed": 20})
    ...     sorted(file.name for file in Path(folder).iterdir())
    ...     json.loads(Path(folder, "config.json").read_text(encoding="utf-8"))["seed"]
    ['config.json', 'model.safetensors']
    20
    """
    folder = Path(folder)
    halves = {name: value.detach().half().contiguous() for name, value in parameters_of(model).items()}
    for name, value in halves.items():
        if not torch.isfinite(value).all():
            raise ValueError(
                f"{name} does not fit into 16 bits or is NaN; the model was not saved to {folder}."
            )
    write_whole(halves, folder / WEIGHTS, {"format": "pt"})
    text = json.dumps({"shape": asdict(shape), **notes}, indent=2, ensure_ascii=False) + "\n"
    replace_file(folder / CONFIG, text.encode("utf-8"))


def read_model(folder: Path, *, tokenizer: "PreTrainedTokenizerFast | None" = None) -> "TransformerBridge":
    """The model that `save_model` wrote to a folder.

    A missing file is a FileNotFoundError, anything else wrong with it a ValueError; both name the file, what was
    expected and what was found.

    What comes back are the same weights to 16 bits:

    >>> import tempfile
    >>> from mechint_course.language.tiny import TINY_SHAPE
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(load_model("tiny"), Path(folder), shape=TINY_SHAPE, notes={})
    ...     again = parameters_of(read_model(Path(folder)))
    >>> all(torch.equal(again[name], own.half().float()) for name, own in parameters_of(load_model("tiny")).items())
    True
    """
    folder = Path(folder)
    shape = _read_shape(folder / CONFIG)
    file = folder / WEIGHTS
    if not file.is_file():
        raise FileNotFoundError(
            f"Expected a model's weights in {file}, found no such file; install the course again."
        )
    if file.stat().st_size > _LARGEST_FILE:
        raise ValueError(f"{file}: expected at most {_LARGEST_FILE} bytes, found {file.stat().st_size}.")
    try:
        with safe_open(file, framework="pt") as opened:
            values = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise ValueError(
            f"{file}: expected a whole safetensors file, found one that is cut short or damaged ({error})."
        ) from error
    model = new_model(shape, seed=0, tokenizer=tokenizer)
    set_parameters(model, values, source=str(file))
    return model


def _read_shape(file: Path) -> Shape:
    if not file.is_file():
        raise FileNotFoundError(
            f"Expected a model's config in {file}, found no such file; install the course again."
        )
    try:
        sizes = json.loads(file.read_text(encoding="utf-8"))["shape"]
        return Shape(**sizes)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{file}: expected a json with the sizes of a model under 'shape', found {error}."
        ) from error


def load_model(name: str, *, fresh: bool = False) -> "TransformerBridge":
    """A model by name: "A" and "B" (trained from different seeds), "control" (A with random weights), "tiny" (for examples).

    Any other name is one of TransformerLens' own, such as "gelu-1l", which has to be downloaded once
    (`mechint_course.language.hub.load_from_hub` says what can go wrong).

    It is loaded once: every call gives the same object, so take off the hooks that you put on; `fresh=True` gives
    another one, that nobody else holds. The errors are those of `read_model`.

    >>> model = load_model("tiny")
    >>> model.to_str_tokens("the cat sat")
    ['<|endoftext|>', 'the', 'cat', 'sat']
    >>> model(model.to_tokens("the cat sat")).shape  # one text, four tokens, a logit for each of 25 words
    torch.Size([1, 4, 25])
    >>> load_model("tiny") is model, load_model("tiny", fresh=True) is model
    (True, False)
    """
    return _load(name) if fresh else _loaded(name)


@cache
def _loaded(name: str) -> "TransformerBridge":
    return _load(name)


def _load(name: str) -> "TransformerBridge":
    if name == "tiny":
        from mechint_course.language.tiny import tiny_model

        return tiny_model()
    if name == "control":
        from mechint_course.language.control import randomise

        return randomise(_load("A"))
    if name not in ("A", "B"):
        from mechint_course.language.hub import load_from_hub

        return load_from_hub(name)
    from mechint_course.language.tokenizer import load_tokenizer

    return read_model(data_folder() / "models" / name, tokenizer=load_tokenizer())


def uniform_loss(d_vocab: int) -> float:
    """The loss of a model that knows nothing, in nats.

    >>> round(uniform_loss(2048), 2)
    7.62
    """
    return math.log(d_vocab)
