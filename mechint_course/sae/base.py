"""What every sparse autoencoder is: an encoder, a decoder, two biases, and a loss of its own.

    latents        = encode(x)              sparse and non-negative: which features are on, and how strongly
    reconstruction = decode(latents)        latents @ W_dec + b_dec

An architecture is a subclass in a file of its own. It says how `encode` picks latents, what it is trained on
(`training_loss`), and which fields and tensors its files hold beyond the common four (`own_config`, `own_tensors`).
Source of the notation: SAELens; of the architecture: Bricken et al. 2023, Towards Monosemanticity, appendix.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from mechint_course.sae.seeds import stream
from mechint_course.sae.team import ALONE, Team

Kind = TypeVar("Kind", bound="SAE")


class Output(NamedTuple):
    """What a forward pass gives."""

    reconstruction: Float[Tensor, "*batch d_in"]
    """What the dictionary makes of x, in the units of x."""
    latents: Float[Tensor, "*batch d_sae"]
    """How strongly each latent is on; 0 where it is off."""


class Moment(NamedTuple):
    """Where a training stands when a loss is asked for."""

    step: int
    """Steps taken so far."""
    n_steps: int
    """Steps in all."""
    dead: Bool[Tensor, " d_sae"]
    """Latents that have been silent for so long that they should be brought back."""
    team: Team = ALONE
    """The processes that share this batch."""

    def climbed(self, share: float) -> float:
        """The factor on a penalty that climbs from 0 to 1 over the first `share` of the steps.

        >>> [Moment(step, 10, dead=torch.zeros(3, dtype=torch.bool)).climbed(0.2) for step in (0, 1, 9)]
        [0.5, 1.0, 1.0]
        """
        return min(1.0, (self.step + 1) / max(1.0, share * self.n_steps))


class Loss(NamedTuple):
    """What a training step is made of. Errors are summed over d_in and averaged over the batch, as in SAELens."""

    total: Float[Tensor, ""]
    """What is minimised; carries gradients."""
    squared_error: Float[Tensor, ""]
    """Mean of |x - reconstruction|^2, without any other term."""
    l0: Float[Tensor, ""]
    """Mean number of latents that are on."""
    fired: Bool[Tensor, " d_sae"]
    """Latents that were on for at least one input of the batch."""


class SAE(nn.Module, ABC):
    """A dictionary of d_sae latents over inputs of d_in numbers.

    The decoder's rows start as random unit vectors and the encoder as their transpose (Gao et al. 2024, appendix A.1;
    the standard dictionary's is shorter);
    biases start at zero, and `train_sae` moves b_dec to the middle of the data.

    Shapes: W_enc [d_in, d_sae], b_enc [d_sae], W_dec [d_sae, d_in], b_dec [d_in]. Called on inputs [..., d_in], a
    dictionary gives an `Output`. A top-k one, with weights set by hand:

    >>> from mechint_course.sae import TopKSAE
    >>> sae = TopKSAE(d_in=2, d_sae=3, k=1, seed=0)
    >>> with torch.no_grad():
    ...     _ = sae.W_enc.copy_(torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))
    ...     _ = sae.W_dec.copy_(sae.W_enc.T)
    ...     reconstruction, latents = sae(torch.tensor([[2.0, 3.0], [-4.0, 1.0]]))
    >>> latents
    tensor([[0., 3., 0.],
            [0., 0., 4.]])
    >>> reconstruction
    tensor([[ 0.,  3.],
            [-4.,  0.]])
    """

    architecture: ClassVar[str]
    """The name that stands in SAELens' cfg.json."""
    own_tensors: ClassVar[tuple[str, ...]] = ()
    """Names of [d_sae] tensors beyond the common four (JumpReLU: threshold)."""
    unit_norm_decoder: ClassVar[bool] = True
    """Whether training keeps every decoder row at length 1."""

    def __init__(self, d_in: int, d_sae: int, *, seed: int) -> None:
        """Raises ValueError where a size is not a positive whole number."""
        super().__init__()
        for name, size in (("d_in", d_in), ("d_sae", d_sae)):
            if not isinstance(size, int) or size < 1:
                raise ValueError(
                    f"{name} must be a positive whole number, but it is {size!r}: give a size of 1 or more."
                )
        self.d_in, self.d_sae = d_in, d_sae
        directions = torch.randn(d_sae, d_in, generator=stream("sae.init", seed))
        directions /= directions.norm(dim=1, keepdim=True)
        self.W_dec = nn.Parameter(directions)
        # Shape [d_in, d_sae], but stored so that one latent's weights lie side by side: sparse products read by latent.
        self.W_enc = nn.Parameter(directions.clone().T)
        self.b_enc = nn.Parameter(torch.zeros(d_sae))
        self.b_dec = nn.Parameter(torch.zeros(d_in))

    def pre_activations(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """(x - b_dec) @ W_enc + b_enc: what each latent sees before anything is switched off."""
        return self.centred(x) @ self.W_enc + self.b_enc

    def folded_bias(self) -> Float[Tensor, " d_sae"]:
        """b_enc - b_dec @ W_enc: pre-activations are x @ W_enc plus this.

        In training it saves the gradient of every x - b_dec, which costs as much as the encoder itself: b_dec's
        gradient passes through one vector instead.
        """
        return self.b_enc - self.b_dec @ self.W_enc

    def centred(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_in"]:
        """x - b_dec. Raises ValueError where the last size of x is not d_in."""
        if x.shape[-1:] != (self.d_in,):
            raise ValueError(
                f"This dictionary takes inputs whose last size is d_in = {self.d_in}, but x has shape {tuple(x.shape)}: "
                "give it activations of the layer that it was trained on."
            )
        return x - self.b_dec

    @abstractmethod
    def encode(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """Which latents are on, and how strongly. Raises ValueError where the last size of x is not d_in.

        >>> from mechint_course.sae import StandardSAE
        >>> StandardSAE(d_in=2, d_sae=3, seed=0).encode(torch.ones(5, 7, 2)).shape  # say, 5 texts of 7 tokens
        torch.Size([5, 7, 3])
        """

    def decode(self, latents: Float[Tensor, "*batch d_sae"]) -> Float[Tensor, "*batch d_in"]:
        """latents @ W_dec + b_dec.

        >>> from mechint_course.sae import StandardSAE
        >>> sae = StandardSAE(d_in=2, d_sae=3, seed=0)
        >>> _ = sae.W_dec.data.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
        >>> _ = sae.b_dec.data.copy_(torch.tensor([10.0, 20.0]))
        >>> sae.decode(torch.tensor([0.0, 5.0, 2.0])).detach()
        tensor([ 8., 25.])
        """
        return latents @ self.W_dec + self.b_dec

    def forward(self, x: Float[Tensor, "*batch d_in"]) -> Output:
        """Encodes and decodes."""
        latents = self.encode(x)
        return Output(self.decode(latents), latents)

    def reconstruct(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_in"]:
        """decode(encode(x)); an architecture may get there without making the dense latents."""
        return self.decode(self.encode(x))

    @abstractmethod
    def training_loss(self, x: Float[Tensor, "batch d_in"], moment: Moment) -> Loss:
        """What one step of training minimises on the batch x."""

    def prepare(self, x: Float[Tensor, "batch d_in"], team: Team = ALONE) -> None:
        """Called once before a training begins, with its first batch (of all processes)."""

    def settings(self) -> dict[str, Any]:
        """What a training of this architecture was told, by name: a checkpoint belongs to one set of them only."""
        return {}

    def reset(self, latents: Int[Tensor, " some"]) -> None:
        """Called after resampling gave these latents new directions: puts what else they have to its start."""
        self.b_enc.data[latents] = 0

    def choices(self) -> dict[str, str]:
        """What `prepare` chose, so that a training that goes on later chooses the same."""
        return {}

    def choose(self, choices: Mapping[str, str]) -> None:
        """Takes over what `choices` gave."""

    def own_config(self) -> dict[str, Any]:
        """The fields of cfg.json that belong to this architecture alone (top-k: k)."""
        return {}

    def inference(self) -> "SAE":
        """The dictionary as it is saved. Most are saved as they are; one that trains in another way than it is used is not."""
        return self

    def save_model(self, folder: str | Path) -> None:
        """Writes cfg.json and sae_weights.safetensors, SAELens' own files, into `folder`.

        The folder is made where there is none. Raises ValueError where a weight is not finite.

        >>> import tempfile
        >>> from mechint_course.sae import StandardSAE
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     StandardSAE(d_in=2, d_sae=3, seed=0).save_model(folder)
        ...     sorted(file.name for file in Path(folder).iterdir())
        ['cfg.json', 'sae_weights.safetensors']
        """
        from mechint_course.sae.files import save

        save(self, Path(folder))

    @classmethod
    def load_from_disk(cls: type[Kind], folder: str | Path) -> Kind:
        """Reads what `save_model` or SAELens wrote. Raises ValueError naming the file that is not as it should be.

        On `SAE` any known architecture may come back; on a subclass only its own.

        >>> import tempfile
        >>> from mechint_course.sae import SAE, TopKSAE
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     TopKSAE(d_in=2, d_sae=3, k=1, seed=0).save_model(folder)
        ...     again = SAE.load_from_disk(folder)
        >>> again.architecture, again.d_in, again.d_sae, again.k
        ('topk', 2, 3, 1)
        """
        from mechint_course.sae.files import load

        sae = load(Path(folder))
        if not isinstance(sae, cls):
            raise ValueError(
                f"{Path(folder) / 'cfg.json'} holds a {sae.architecture!r} dictionary where {cls.__name__} was asked for: "
                "load it with SAE.load_from_disk."
            )
        return sae
