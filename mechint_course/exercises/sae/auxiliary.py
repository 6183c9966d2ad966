"""Chapter 3, section 5: AuxK, a task for dead latents."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.values import Value


@exercise(
    id="sae.auxk",
    title="A task for the dead",
    points=3,
    minutes=15,
    difficulty=3,
    core=False,
    hints=(
        "What is left over is x - reconstruction. The dead latents alone try to rebuild that, as a small top-k dictionary "
        "without biases.",
        "pre[:, dead] are their numbers; keep the k largest of each row and apply a ReLU, as in the encoder. Their "
        "directions are W_dec[dead]. Nothing of the living latents may learn from this: detach what is left over.",
        "left = (x - reconstruction).detach(); values, chosen = pre[:, dead].topk(min(k, int(dead.sum()))); "
        "latents = torch.zeros_like(pre[:, dead]).scatter(1, chosen, values.relu()); "
        "return (left - latents @ W_dec[dead]).square().sum(-1).mean().",
    ),
)
def auxk(ask: Ask) -> None:
    "The loss and its gradients against a sum over dead latents row by row; what is left over learns nothing."
    cases = list(_cases(ask))
    ask.compare(
        cases,
        expected=_row_by_row,
        known=_MISTAKES,
        gradients=("pre", "W_dec"),
        look="one row, two dead latents and k = 1: only the larger one helps.",
    )
    nobody = cases[0] | {
        "dead": torch.zeros_like(cases[0]["dead"])
    }  # a constant 0 will do, so no gradients here
    ask.compare([nobody], expected=_row_by_row, known=_NOBODY_DEAD, look="dead without a single True.")
    living = cases[1]
    wrt = [list(living).index(name) for name in ("reconstruction", "pre")]
    gradient, _ = ask.vjp(living, torch.tensor(1.0), wrt)
    ask.require(
        gradient is None or float(gradient.abs().max()) < 1e-6,
        "left-over-learns",
        "The value is right, but a gradient reaches `reconstruction`: the living latents would be trained to leave over "
        "what dead ones can rebuild.",
        inputs=living,
        look="(x - reconstruction).detach().",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    for number in range(5):
        batch, d_in, d_sae = ask.sizes(3, low=3, high=9)
        n_dead = ask.random.randint(2, d_sae - 1)
        dead = torch.zeros(d_sae, dtype=torch.bool)
        dead[torch.randperm(d_sae, generator=ask.generator)[:n_dead]] = True
        k = n_dead + 3 if number == 3 else ask.random.randint(1, max(1, n_dead - 1))
        x = torch.randn(batch, d_in, generator=ask.generator) + 0.5
        yield {
            "x": x,
            "reconstruction": x + torch.randn(x.shape, generator=ask.generator),
            "pre": torch.randn(batch, d_sae, generator=ask.generator) + 0.3,
            "W_dec": torch.nn.functional.normalize(
                torch.randn(d_sae, d_in, generator=ask.generator), dim=1
            ),
            "dead": dead,
            "k": k,
        }  # fmt: skip


def _row_by_row(
    x: Tensor, reconstruction: Tensor, pre: Tensor, W_dec: Tensor, dead: Tensor, k: int
) -> Tensor:
    which = [j for j in range(len(dead)) if dead[j]]
    total = x.new_zeros(())
    if not which:
        return total
    for b in range(len(x)):
        left = (x[b] - reconstruction[b]).detach()
        strongest = sorted(which, key=lambda j: -pre[b, j].item())[:k]
        for j in strongest:
            left = left - (pre[b, j] * W_dec[j] if pre[b, j].item() > 0 else 0 * W_dec[j])
        total = total + (left**2).sum()
    return total / len(x)


def _variant(
    *,
    target: Callable[[Tensor, Tensor], Tensor] = lambda x, reconstruction: x - reconstruction,
    who: Callable[[Tensor], Tensor] = lambda dead: dead,
    keep: Callable[[Tensor, int], Tensor] | None = None,
    relu: bool = True,
    reduce: Callable[[Tensor], Tensor] = lambda squares: squares.sum(-1).mean(),
) -> Callable[..., Tensor]:
    """The right procedure with one thing changed."""

    def formula(
        x: Tensor, reconstruction: Tensor, pre: Tensor, W_dec: Tensor, dead: Tensor, k: int
    ) -> Tensor:
        which = who(dead)
        own = pre[:, which]
        chosen = own.topk(min(k, own.shape[1])).indices
        mask = torch.zeros_like(own).scatter(1, chosen, 1.0) if keep is None else keep(own, k)
        latents = (own.relu() if relu else own) * mask
        return reduce((target(x, reconstruction) - latents @ W_dec[which]).square())

    return formula


_MISTAKES = (
    Known(
        "whole-input",
        "Your dead latents rebuild x itself. The living ones do that already; rebuild what they left over.",
        _variant(target=lambda x, reconstruction: x),
    ),
    Known(
        "reconstruction-rebuilt",
        "Your dead latents rebuild the reconstruction; rebuild what is missing from it.",
        _variant(target=lambda x, reconstruction: reconstruction),
    ),
    Known(
        "sign-flipped",
        "What is left over is x - reconstruction; yours has the opposite sign.",
        _variant(target=lambda x, reconstruction: reconstruction - x),
    ),
    Known(
        "living-help",
        "All latents help in your answer; the task is for the dead ones alone.",
        _variant(who=torch.ones_like),
    ),
    Known(
        "living-instead",
        "Your living latents do the dead ones' task: `dead` is True where a latent is dead.",
        _variant(who=torch.logical_not),
    ),
    Known(
        "topk-missing",
        "All dead latents are on in your answer; keep the k largest of each row.",
        _variant(keep=lambda own, k: torch.ones_like(own)),
    ),
    Known(
        "relu-missing",
        "A latent below 0 is off: apply the ReLU to the k largest.",
        _variant(relu=False),
    ),
    Known(
        "mean-over-entries",
        "You average over the entries of x. As in the dictionary's loss, errors are summed over them and averaged over inputs.",
        _variant(reduce=lambda squares: squares.mean()),
    ),
    Known(
        "summed-over-batch",
        "You sum over the batch; average over it, or the loss grows with the batch size.",
        _variant(reduce=lambda squares: squares.sum()),
    ),
)
_NOBODY_DEAD = (
    Known(
        "error-of-nobody",
        "Where nothing is dead the answer is 0: there is nobody to give the task to.",
        lambda x, reconstruction, pre, W_dec, dead, k: (x - reconstruction).square().sum(-1).mean(),
    ),
)
