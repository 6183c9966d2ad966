"""Sparse codes: the strongest part of one, matching two, and what is refused. All on small random dictionaries."""

import numpy as np
import pytest
import torch
from scipy import sparse

from mechint_course.features.correlation import StreamingCorrelation
from mechint_course.hackathon.codes import best_correlations, encode, strongest
from mechint_course.sae import StandardSAE, TopKSAE


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def sae() -> StandardSAE:
    made = StandardSAE(7, 19, seed=1).requires_grad_(False)
    made.W_dec.mul_(numbers(19, 1, seed=2).abs() + 0.1)  # rows of many lengths
    made.b_dec.copy_(numbers(7, seed=3))
    made.b_enc.copy_(0.2 * numbers(19, seed=4))
    return made


def test_a_code_is_what_the_dictionary_makes_of_x(sae: StandardSAE) -> None:
    x = numbers(101, 7)
    code, (reconstruction, latents) = encode(sae, x), sae(x)
    torch.testing.assert_close(torch.from_numpy(code.latents.toarray()), latents)
    torch.testing.assert_close(code.reconstruction, reconstruction)
    assert code.l0 == pytest.approx(float((latents != 0).sum(1).float().mean()))


def test_the_strongest_are_those_that_add_most_by_a_loop(sae: StandardSAE) -> None:
    x = numbers(53, 7)
    small = strongest(sae, encode(sae, x), budget=2.5)
    latents = sae.encode(x)
    adds = [
        (float(latents[t, i] * sae.W_dec[i].norm()), t, i)
        for t in range(53)
        for i in range(19)
        if latents[t, i] > 0
    ]
    kept = {(t, i) for _, t, i in sorted(adds)[-int(2.5 * 53) :]}
    assert set(zip(*(c.tolist() for c in small.latents.nonzero()), strict=True)) == kept
    by_hand = torch.stack(
        [
            sae.b_dec + sum(latents[t, i] * sae.W_dec[i] for i in range(19) if (t, i) in kept)
            for t in range(53)
        ]
    )
    torch.testing.assert_close(small.reconstruction, by_hand)


def test_a_code_within_the_budget_stays_as_it_is(sae: StandardSAE) -> None:
    code = encode(sae, numbers(11, 7))
    assert strongest(sae, code, budget=19) is code


def test_the_best_correlation_is_that_of_the_whole_matrix() -> None:
    left, right = numbers(200, 6, seed=5).relu(), numbers(200, 9, seed=6).relu()
    left[:, 4] = 0  # never on
    right[:, 2] = 3 * left[:, 1] * (left[:, 1] > 0.5)
    stream = StreamingCorrelation(6, 9)
    stream.update(left, right)
    found = best_correlations(sparse.csr_array(left.numpy()), sparse.csr_array(right.numpy()))
    torch.testing.assert_close(found, stream.result().amax(1).clamp_min(0), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("factor", "words"), [(1e30, "not finite"), (1e18, "far beyond them")], ids=["overflow", "beyond"]
)
def test_what_the_numbers_cannot_hold_is_refused(factor: float, words: str) -> None:
    sae = TopKSAE(7, 19, 3, seed=0).requires_grad_(False)
    sae.W_dec.mul_(factor)
    sae.W_enc.mul_(factor if factor > 1e20 else 1)
    with pytest.raises(ValueError, match=words):
        encode(sae, numbers(40, 7))


def test_a_dictionary_that_is_not_sparse_is_refused() -> None:
    sae = StandardSAE(3, 2000, seed=0).requires_grad_(False)
    sae.b_enc.fill_(5.0)
    with pytest.raises(ValueError, match="no sparse dictionary"):
        encode(sae, numbers(5000, 3))


def test_the_reference_lists_do_not_change_under_a_cut(sae: StandardSAE) -> None:
    code = encode(sae, numbers(30, 7))
    before = code.latents.copy()
    strongest(sae, code, budget=1)
    assert (before != code.latents).nnz == 0 and np.array_equal(before.data, code.latents.data)
