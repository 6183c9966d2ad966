"""Models of TransformerLens by name: a local repository of the same format, and what is said where there is no network."""

import json
import socket

import pytest
import torch

from mechint_course.language import hub, load_model

SIZES = {"d_model": 8, "n_layers": 1, "d_mlp": 12, "d_head": 4, "n_heads": 2, "n_ctx": 7, "d_vocab": 11}


@pytest.fixture
def repository(monkeypatch, tmp_path):
    """A folder that stands in for the repository of gelu-1l: its config and its weights, of a few numbers each."""
    import huggingface_hub

    config = {**SIZES, "act_fn": "gelu", "attn_only": False, "normalization": "LN", "tokenizer_name": None}
    (tmp_path / "config.json").write_text(json.dumps(config))
    generator = torch.Generator().manual_seed(0)
    shapes = {
        "embed.W_E": (11, 8), "pos_embed.W_pos": (7, 8), "unembed.W_U": (8, 11),
        "ln_final.w": (8,), "ln_final.b": (8,), "unembed.b_U": (11,),
        **{f"blocks.0.ln{i}.{x}": (8,) for i in (1, 2) for x in "wb"},
        **{f"blocks.0.attn.W_{x}": (2, 8, 4) for x in "QKV"}, **{f"blocks.0.attn.b_{x}": (2, 4) for x in "QKV"},
        "blocks.0.attn.W_O": (2, 4, 8), "blocks.0.attn.b_O": (8,),
        "blocks.0.mlp.W_in": (8, 12), "blocks.0.mlp.b_in": (12,), "blocks.0.mlp.W_out": (12, 8), "blocks.0.mlp.b_out": (8,),
    }  # fmt: skip
    weights = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    torch.save(weights, tmp_path / "model_final.pth")
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda repo, name: str(tmp_path / name))
    monkeypatch.setattr(huggingface_hub.HfApi, "list_repo_files", lambda self, repo: ["model_final.pth"])
    monkeypatch.setattr(hub, "_is_cached", lambda repository: True)
    return weights


def test_gelu_1l_comes_through_the_same_door(repository) -> None:
    model = load_model("gelu-1l", fresh=True)
    assert not model.training
    _, kept = model.run_with_cache(torch.tensor([[0, 3, 5]]))
    assert kept["blocks.0.mlp.hook_post"].shape == (1, 3, 12)
    found = model.blocks[0].mlp.W_in
    assert torch.equal(found, repository["blocks.0.mlp.W_in"])


def test_without_a_network_one_sentence_says_so(monkeypatch) -> None:
    def nowhere(*_args, **_named):
        raise socket.gaierror(-2, "Name or service not known")

    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "create_connection", nowhere)
    monkeypatch.setattr(hub, "_is_cached", lambda repository: False)
    with pytest.raises(ConnectionError, match="connect this machine to a network"):
        load_model("gelu-1l")


def test_offline_by_wish_asks_nobody(monkeypatch) -> None:
    def asked(*_args, **_named):
        raise AssertionError("the network was asked")

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(socket, "create_connection", asked)
    assert not hub.is_reachable()


def test_a_proxy_is_trusted_to_know_the_way(monkeypatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert hub.is_reachable()


def test_unknown_names_get_a_list_of_known_ones() -> None:
    with pytest.raises(ValueError, match=r"A, B, control, tiny.*gelu-1l.*'C'"):
        load_model("C")
