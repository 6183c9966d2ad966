"""The attention view: what it tells without a script, what circuitsvis gets, and that it stays small."""

import html as html_module
import json
import re

import pytest
import torch

from mechint_course.views.attention import MOST_NUMBERS, show_attention
from mechint_course.views.tokens import show_tokens

PATTERNS = torch.tensor(
    [[[1.0, 0.0, 0.0], [0.75, 0.25, 0.0], [0.2, 0.2, 0.6]], [[1.0, 0, 0], [0.5, 0.5, 0], [0.05, 0.9, 0.05]]]
)
TOKENS = [" <b>", "{view}", "\n"]


def test_without_a_script_every_token_tells_where_it_reads_most_in_each_head():
    html = show_attention(TOKENS, PATTERNS, title="one & two")._repr_html_()
    before = html.split("<script>")[0]
    cells = [html_module.unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", before)]
    assert cells == [" <b> 1.00", " <b> 1.00", " <b> 0.75", " <b> 0.50", "⏎ 0.60", "{view} 0.90"]
    assert "one &amp; two" in before and "<b>" not in before.replace("<b>one", "")
    assert "rgb(230,159,0)" in before, "a share of 1 has the full colour"


def test_circuitsvis_gets_every_head_row_and_column():
    ((element, props),) = json.loads(
        re.search(
            r"const views=(\[.*?\]);\n",
            show_attention(TOKENS, PATTERNS, heads=["a", "b"])._repr_html_(),
            re.DOTALL,
        ).group(1)
    )
    assert element == "AttentionHeads" and props["attentionHeadNames"] == ["a", "b"] and props["maskUpperTri"]
    assert torch.equal(torch.tensor(props["attention"]), PATTERNS)
    assert [token.replace("\u200b", "") for token in props["tokens"]] == [" <b>", "{view}", "⏎"]


def test_in_words():
    assert repr(show_attention(TOKENS, PATTERNS)).endswith('in head 1, "⏎" reads most from "{view}" (0.90)')
    assert repr(show_attention(["a"], torch.ones(1, 1, 1))).endswith("every token reads from itself alone")


def test_ten_views_of_both_kinds_stay_under_300_kilobytes():
    tokens = [f" word{k}" for k in range(31)]
    patterns = torch.rand(4, 31, 31, generator=torch.Generator().manual_seed(0)).softmax(-1)
    assert patterns.numel() > 0.95 * MOST_NUMBERS, "the largest there can be"
    attention = len(show_attention(tokens, patterns)._repr_html_().encode())
    text = len(show_tokens(tokens * 8, torch.linspace(0, 1, 248))._repr_html_().encode())
    assert 5 * (attention + text) < 300_000, (attention, text)


@pytest.mark.parametrize(
    ("tokens", "patterns", "sentence"),
    [
        (["a"], torch.ones(1, 2, 2), r"must be \[n_heads, 1, 1\] for 1 tokens, but the shape is \[1, 2, 2\]"),
        (["a"], torch.full((1, 1, 1), 1.5), "between 0 and 1"),
        (["a"], torch.full((1, 1, 1), float("nan")), "between 0 and 1"),
        (["a"] * 128, torch.zeros(1, 128, 128), "16,384 numbers are too many"),
    ],
)
def test_bad_input_gets_one_sentence(tokens, patterns, sentence):
    with pytest.raises(ValueError, match=sentence):
        show_attention(tokens, patterns)
