"""The value grammar: everything that may cross comes back equal, and nothing else is read."""

import pickle

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from mechint_course.exercises.compare import Tolerance, same
from mechint_course.exercises.values import Fixture, NotAValue, decode, encode, normal

DTYPES = [torch.float32, torch.float64, torch.int64, torch.bool, torch.bfloat16, torch.uint8]
tensors = st.builds(
    lambda shape, dtype: (torch.randn(shape) * 10).to(dtype),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    st.sampled_from(DTYPES),
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats()
    | st.text()
    | tensors
    | st.just(Fixture("model:tiny"))
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner)
    ),
)


def identical(a: object, b: object) -> bool:
    if isinstance(a, torch.Tensor):
        return (
            isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a.nan_to_num(), b.nan_to_num())
        )
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(identical, a, b))  # type: ignore[arg-type]
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(identical(a[key], b[key]) for key in a)
    return type(a) is type(b) and (a == b or a != a)


@given(values)
def test_what_crosses_comes_back_the_same(value: object) -> None:
    assert identical(decode(encode(value)), value)


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_in_words(message: bytes) -> None:
    with pytest.raises(ValueError, match="not a message"):
        decode(message)


def test_a_pickle_is_not_read() -> None:
    with pytest.raises(ValueError, match="not a message"):
        decode(pickle.dumps({"a": 1}))


@pytest.mark.parametrize(
    "strange",
    [
        torch.ones(3, 2).T,
        torch.ones(1, 3).expand(4, 3),
        torch.eye(3).to_sparse(),
        torch.ones(3, requires_grad=True),
        torch.nn.Parameter(torch.ones(2)),
        torch.view_as_complex(torch.randn(3, 2)).conj().imag,
    ],
)
def test_strange_tensors_become_plain_ones(strange: torch.Tensor) -> None:
    plain = normal(strange)
    assert (
        plain.is_contiguous()
        and plain.layout == torch.strided
        and not plain.requires_grad
        and type(plain) is torch.Tensor
    )
    assert torch.equal(plain, strange.detach().to_dense() if strange.is_sparse else strange.detach())
    assert identical(decode(encode(strange)), plain)


def test_numpy_becomes_torch_and_other_things_are_named() -> None:
    assert torch.equal(normal(np.arange(3.0)), torch.arange(3.0, dtype=torch.float64))
    assert normal(np.bool_(True)) is True
    with pytest.raises(NotAValue, match="generator"):
        normal(x for x in "ab")
    with pytest.raises(NotAValue, match="set"):
        normal({"keys": {1, 2}})


def test_same_is_strict_about_shapes_and_lenient_about_containers() -> None:
    exact = Tolerance(0.0, 0.0)
    assert same((1, 2.0), [1, 2], exact)
    assert same(torch.tensor(1), True, exact)
    assert not same(torch.ones(1, 3), torch.ones(3), exact)
    assert not same(torch.ones(3), torch.tensor([1.0, 1.0, float("nan")]), exact)
    assert same(torch.tensor([float("nan")]), torch.tensor([float("nan")]), exact)
    assert not same({"a": 1}, {"b": 1}, exact)
    assert not same("1", 1, exact)
