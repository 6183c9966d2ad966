"""One library in one process of its own, told what to do line by line: so several can take turns in one run.

    python worker.py LIBRARY ARCHITECTURE DATA.safetensors

in that library's environment. On "steps N" it trains N more steps and answers with the seconds that they took, on
"score" with the FVU and the L0 on the held-out rows. Every library gets the same batches in the same order, Adam at
the same constant rate, unit-norm decoder rows where it has them, and two threads.
"""

import json
import sys
import time
from collections.abc import Callable

import torch
from safetensors import safe_open
from torch import Tensor

D_SAE, K, L1, TOTAL = 4096, 16, 0.2, 1_000_000
RATE = 3e-3 if "topk" in sys.argv else 1e-3
"""L1 is in units of the inputs' root mean square length, for every library alike; TOTAL steps are never reached, so
every schedule is at its level part. The rate of top-k is the one at which every library is furthest after some hundred
steps: a third of it leaves all of them half trained, and says little of quality."""

Step = Callable[[Tensor], object]
Encode = Callable[[Tensor], tuple[Tensor, Tensor]]
"""x -> latents, reconstruction."""


def ours(architecture: str, first: Tensor, l1: float, precision: str) -> tuple[Step, Encode]:
    from mechint_course.sae import StandardSAE, TopKSAE
    from mechint_course.sae.team import ALONE
    from mechint_course.sae.trainee import Course, Trainee

    d_in = first.shape[1]
    sae = (
        TopKSAE(d_in, D_SAE, K, seed=0)
        if architecture == "topk"
        else StandardSAE(d_in, D_SAE, l1, seed=0, l1_warm_up=0.0)
    )
    trainee = Trainee.start(sae, first, Course(TOTAL, dead_after=10**9, resampling=None, team=ALONE))
    if precision != "probed":
        sae.choose({"selection": precision})
    print(json.dumps({"choices": sae.choices()}), file=sys.stderr)
    return lambda x: trainee.step(x, RATE, noted=False), lambda x: (sae.encode(x), sae.reconstruct(x))


def saelens(architecture: str, first: Tensor, l1: float) -> tuple[Step, Encode]:
    import sae_lens as lens
    from sae_lens.config import SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    sizes = {"d_in": first.shape[1], "d_sae": D_SAE}
    sae = (
        lens.TopKTrainingSAE(
            lens.TopKTrainingSAEConfig(
                **sizes, k=K, rescale_acts_by_decoder_norm=False, decoder_init_norm=1.0
            )
        )
        if architecture == "topk"
        else lens.StandardTrainingSAE(lens.StandardTrainingSAEConfig(**sizes, l1_coefficient=l1))
    )
    config = SAETrainerConfig(TOTAL * len(first), len(first), lr=RATE, lr_end=RATE)
    trainer = SAETrainer(config, sae, iter(()))
    return trainer.step, lambda x: (sae.encode(x), sae.decode(sae.encode(x)))


def dictionary_learning(architecture: str, first: Tensor, l1: float) -> tuple[Step, Encode]:
    from dictionary_learning.trainers.standard import StandardTrainer
    from dictionary_learning.trainers.top_k import TopKTrainer

    common = {
        "steps": TOTAL, "activation_dim": first.shape[1], "dict_size": D_SAE, "layer": 0, "lm_name": "none",
        "lr": RATE, "warmup_steps": 0, "seed": 0, "device": "cpu",
    }  # fmt: skip
    trainer = (
        TopKTrainer(**common, k=K)
        if architecture == "topk"
        else StandardTrainer(**common, l1_penalty=l1, sparsity_warmup_steps=0)
    )
    taken = iter(range(TOTAL))
    return lambda x: trainer.update(next(taken), x), lambda x: (
        trainer.ae.encode(x),
        trainer.ae.decode(trainer.ae.encode(x)),
    )


def sparsify(_architecture: str, first: Tensor, _l1: float) -> tuple[Step, Encode]:
    from sparsify import Sae, SaeConfig

    sae = Sae(first.shape[1], SaeConfig(num_latents=D_SAE, k=K))
    sae.b_dec.data = first.mean(0)
    adam = torch.optim.Adam(sae.parameters(), lr=RATE)

    def step(x: Tensor) -> None:
        sae.set_decoder_norm_to_unit_norm()
        sae(x).fvu.backward()
        sae.remove_gradient_parallel_to_decoder_directions()
        adam.step()
        adam.zero_grad()

    def encode(x: Tensor) -> tuple[Tensor, Tensor]:
        values, indices, _ = sae.encode(x)
        return torch.zeros(len(x), D_SAE).scatter(1, indices, values), sae.decode(values, indices)

    return step, encode


def main() -> None:
    library, architecture, path, *precision = sys.argv[1:]
    torch.set_num_threads(2)
    torch.manual_seed(0)
    file = safe_open(path, framework="pt")  # mapped, so that workers share the memory
    batches, held_out = file.get_slice("batches"), file.get_tensor("held_out").float()
    first = batches[0].float()
    l1 = L1 * float((first - first.mean(0)).square().sum(-1).mean().sqrt())
    make = {"saelens": saelens, "dictionary_learning": dictionary_learning, "sparsify": sparsify}
    if library == "ours":
        step, encode = ours(architecture, first, l1, *(precision or ["probed"]))
    else:
        step, encode = make[library](architecture, first, l1)
    done = 0
    for line in sys.stdin:
        what, *number = line.split()
        if what == "steps":
            turn = [batches[done + i].float() for i in range(int(number[0]))]
            done += len(turn)
            began = time.perf_counter()
            for x in turn:
                step(x)
            answer = {"seconds": time.perf_counter() - began}
        else:
            with torch.no_grad():
                latents, rebuilt = encode(held_out)
                total = (held_out - held_out.mean(0)).square().sum()
                answer = {
                    "fvu": float((held_out - rebuilt).square().sum() / total),
                    "l0": float((latents > 0).sum(-1).float().mean()),
                }
        print("answer " + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
