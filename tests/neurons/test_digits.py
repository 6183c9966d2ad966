"""The digit network and what its neurons answer to."""

import pytest
import torch

from mechint_course.features import digits


@pytest.fixture(scope="module")
def loaded() -> tuple[digits.Digits, digits.Digits]:
    return digits.load_digits()


def test_images_are_whole_and_no_image_is_on_both_sides(loaded) -> None:
    train, test = loaded
    assert (len(train.images), len(test.images)) == (1200, 597)
    assert float(train.images.min()) == 0
    assert float(train.images.max()) == 1
    rows = {tuple(row) for row in train.images.tolist()}
    assert sum(tuple(row) in rows for row in test.images.tolist()) < 5
    assert set(test.labels.tolist()) == set(range(10))


def test_a_short_training_reads_digits_and_repeats_itself(loaded) -> None:
    train, test = loaded
    network, again, other = (
        digits.train_digit_network(train, steps=150, seed=seed, progress=False) for seed in (0, 0, 1)
    )
    assert digits.accuracy(network, test) > 0.7
    assert torch.equal(network.W1, again.W1)
    assert not torch.equal(network.W1, other.W1)
    with pytest.raises(ValueError, match="at least one neuron"):
        digits.train_digit_network(train, n_neurons=0, progress=False)


def test_likeness_is_a_correlation_over_what_all_have_in_common(loaded) -> None:
    alike = digits.likeness(loaded[1])
    assert torch.allclose(alike.diagonal(), torch.ones(10), atol=1e-5)
    assert torch.allclose(alike, alike.T)
    means = torch.stack([loaded[1].images[loaded[1].labels == k].mean(0) for k in range(10)])
    apart = means - means.mean(0)
    assert alike[3, 8].item() == pytest.approx(
        torch.cosine_similarity(apart[3], apart[8], dim=0).item(), abs=1e-5
    )


def _network(W2: torch.Tensor) -> digits.DigitNetwork:
    """One hidden neuron for each pixel of the first ten, so that image k excites hidden neuron k alone."""
    W1 = torch.eye(64)[:, :10]
    n = W2.shape[1]
    return digits.DigitNetwork(W1, torch.zeros(10), W2, torch.zeros(n), torch.zeros(n, 10), torch.zeros(10))


def test_a_torn_neuron_is_found_with_its_pair() -> None:
    spots = digits.Digits(torch.eye(64)[:10], torch.arange(10))
    W2 = torch.zeros(10, 4)
    W2[3, 0] = 2.0  # neuron 0: one digit
    W2[2, 1], W2[7, 1], W2[5, 1] = 2.0, 1.5, 0.2  # neuron 1: 2 and 7
    W2[:, 2] = 1.0  # neuron 2: everything alike
    network = _network(W2)  # neuron 3 never fires
    assert torch.allclose(digits.relative_means(network, spots)[:, 7], torch.tensor([0.0, 0.75, 1.0, 0.0]))
    found = digits.torn_pairs(network, spots)
    assert [pair.neuron for pair in found] == [1, 2]
    assert found[0].digits == (2, 7)
    assert found[0].clearness == pytest.approx(0.75 - 0.1 / 8)
    assert digits.torn_pairs(network, spots, share=0.8)[0].neuron == 2
